import { z } from 'zod';
import { labelKey, labels, labelValue } from './scalars.ts';

/** Keys that the operator and Kubernetes' controllers set themselves. */
export const reservedPrefixes = [
  'simfleet.dev/',
  'batch.kubernetes.io/',
  'kueue.x-k8s.io/',
  'app.kubernetes.io/managed-by',
] as const;

const hasNoReservedKey = (map: Readonly<Record<string, string>>): boolean =>
  !Object.keys(map).some((key) => reservedPrefixes.some((prefix) => key.startsWith(prefix)));
const reservedMessage = `must not have keys that begin with ${reservedPrefixes.join(', ')}`;

const mostItems = 16;
const mostExpressions = 32;
const keys = z.array(labelKey).max(mostItems);

const podMetadata = z.strictObject({
  labels: labels.refine(hasNoReservedKey, reservedMessage).optional(),
  annotations: z
    .record(labelKey, z.string().max(4096))
    .refine((map) => Object.keys(map).length <= mostExpressions, `must be at most ${mostExpressions} annotations`)
    .refine(hasNoReservedKey, reservedMessage)
    .meta({ maxProperties: mostExpressions })
    .optional(),
});

const toleration = z.strictObject({
  key: labelKey.optional(),
  operator: z.enum(['Exists', 'Equal', 'Lt', 'Gt']).optional(),
  value: labelValue.optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().min(0).optional(),
});

const labelSelector = z.strictObject({
  matchLabels: labels.optional(),
  matchExpressions: z
    .array(
      z.strictObject({
        key: labelKey,
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(labelValue).max(mostExpressions).optional(),
      }),
    )
    .max(mostExpressions)
    .optional(),
});

const nodeExpressions = z
  .array(
    z.strictObject({
      key: labelKey,
      operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']),
      values: z.array(labelValue).max(mostExpressions).optional(),
    }),
  )
  .max(mostExpressions)
  .optional();
const nodeTerm = z.strictObject({ matchExpressions: nodeExpressions, matchFields: nodeExpressions });
const weight = z.int().min(1).max(100);

const podTerm = z.strictObject({
  labelSelector: labelSelector.optional(),
  namespaceSelector: labelSelector.optional(),
  namespaces: z.array(z.string().max(63)).max(mostItems).optional(),
  topologyKey: labelKey,
  matchLabelKeys: keys.optional(),
  mismatchLabelKeys: keys.optional(),
});
const podAffinity = z.strictObject({
  requiredDuringSchedulingIgnoredDuringExecution: z.array(podTerm).max(mostItems).optional(),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.strictObject({ weight, podAffinityTerm: podTerm }))
    .max(mostItems)
    .optional(),
});

const affinity = z.strictObject({
  nodeAffinity: z
    .strictObject({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .strictObject({ nodeSelectorTerms: z.array(nodeTerm).min(1).max(mostItems) })
        .optional(),
      preferredDuringSchedulingIgnoredDuringExecution: z
        .array(z.strictObject({ weight, preference: nodeTerm }))
        .max(mostItems)
        .optional(),
    })
    .optional(),
  podAffinity: podAffinity.optional(),
  podAntiAffinity: podAffinity.optional(),
});

const spreadConstraint = z.strictObject({
  maxSkew: z.int().min(1),
  topologyKey: labelKey,
  whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
  labelSelector: labelSelector.optional(),
  minDomains: z.int().min(1).optional(),
  nodeAffinityPolicy: z.enum(['Honor', 'Ignore']).optional(),
  nodeTaintsPolicy: z.enum(['Honor', 'Ignore']).optional(),
  matchLabelKeys: keys.optional(),
});

const quantityMessage = 'must be a quantity, such as "500m" or "512Mi"';

/** Kubernetes resource quantity (apimachinery, resource.Quantity): `500m`, `1.5`, `512Mi`; whole numbers may stand without quotes. */
export const quantity = z
  .union(
    [
      z
        .string()
        .max(64)
        .regex(/^([0-9]+([.][0-9]*)?|[.][0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$/, quantityMessage),
      z.int().min(0),
    ],
    quantityMessage,
  )
  .meta({ examples: ['500m', '512Mi'] });

const quantities = z
  .record(labelKey, quantity)
  .refine((map) => Object.keys(map).length <= mostItems, `must be at most ${mostItems} resources`)
  .meta({ maxProperties: mostItems });

/**
 * What a person may say about the pods of a job on Kubernetes; elsewhere it has no effect. Images, commands, volumes, service accounts and security contexts
 * are not among it: they are the platform's.
 */
export const podTemplate = z
  .strictObject({
    metadata: podMetadata.optional(),
    spec: z
      .strictObject({
        nodeSelector: labels.optional().describe('Labels that a node must have.'),
        tolerations: z.array(toleration).max(mostItems).optional(),
        affinity: affinity.optional(),
        topologySpreadConstraints: z.array(spreadConstraint).max(mostItems).optional(),
        resources: z
          .strictObject({ requests: quantities.optional(), limits: quantities.optional() })
          .optional()
          .describe("Requests and limits of the worker's container."),
      })
      .optional(),
  })
  .meta({ id: 'PodTemplate' });
export type PodTemplate = z.infer<typeof podTemplate>;
