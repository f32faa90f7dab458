import { z } from 'zod';

/** Something of the Kubernetes API that the chart hands on as it is; the API server checks it. */
const handedOn = z.record(z.string(), z.unknown());
const handedOnList = z.array(handedOn);

export const quantity = z.string().regex(/^\d+(\.\d+)?([EPTGMK]i?|[munk])?$/);

export const image = (repository: string, tag: string, whose: string) =>
  z
    .strictObject({
      repository: z.string().min(1).default(repository).describe('Name of the image, registry included.'),
      tag: z
        .string()
        .max(128)
        .default(tag)
        .describe(tag === '' ? 'The version of the chart when empty.' : 'Release of the image.'),
      digest: z
        .string()
        .regex(/^(sha256:[0-9a-f]{64})?$/)
        .default('')
        .describe('sha256:…; counts before the tag.'),
      pullPolicy: z
        .enum(['Always', 'IfNotPresent', 'Never'])
        .default('IfNotPresent')
        .describe('When nodes ask the registry.'),
      pullSecrets: z.array(z.string().min(1)).default([]).describe('Secrets with credentials of the registry.'),
    })
    .prefault({})
    .describe(whose);

export const persistence = (size: string) =>
  z
    .strictObject({
      size: quantity.default(size).describe('Size of the volume.'),
      storageClassName: z.string().default('').describe('The cluster’s default class when empty.'),
    })
    .prefault({})
    .describe('Volume that the data lie on; it stays when the release goes.');

export const resources = (requests: Readonly<Record<string, string>>, limits: Readonly<Record<string, string>>) =>
  z
    .strictObject({
      requests: z
        .record(z.string(), z.union([z.string(), z.number()]))
        .default(requests)
        .describe('What the scheduler keeps free for it.'),
      limits: z
        .record(z.string(), z.union([z.string(), z.number()]))
        .default(limits)
        .describe('What it may not pass.'),
    })
    .prefault({})
    .describe('Requests and limits of the container.');

/** Members that the pods of every part have. */
export const podMembers = {
  nodeSelector: z.record(z.string(), z.string()).default({}).describe('Labels of the nodes that pods may run on.'),
  tolerations: handedOnList.default([]).describe('Taints that pods bear.'),
  affinity: handedOn.default({}).describe('Rules of attraction between pods and nodes.'),
  topologySpreadConstraints: handedOnList
    .default([])
    .describe('Instead of the chart’s own: spread over zones and nodes where that is possible.'),
  priorityClassName: z.string().default('').describe('Priority of the pods.'),
  podAnnotations: z.record(z.string(), z.string()).default({}).describe('Annotations of the pods.'),
  podLabels: z.record(z.string(), z.string()).default({}).describe('Labels of the pods.'),
  env: handedOnList.default([]).describe('Environment variables of the container; not for secrets.'),
};

/** Of parts with several replicas. */
export const disruptionBudget = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Keep drains of nodes from taking all replicas at once (two replicas or more).'),
    maxUnavailable: z.int().min(1).default(1).describe('How many may be away at a time.'),
  })
  .prefault({})
  .describe('PodDisruptionBudget.');

export const options = (reference: string) =>
  z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/), z.unknown())
    .default({})
    .describe(`Further options of the process, by the name of their flag: ${reference}.`);

export { handedOn, handedOnList };
