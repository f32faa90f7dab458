import type { JobSpec, ServiceContainer } from '@simfleet/contracts';
import type { PodTemplate } from '../resources/batch-job.ts';
import type { Container, EnvironmentVariable } from '../resources/pod.ts';
import { shardContainer } from '../resources/names.ts';

type Quantities = Readonly<Record<string, string>>;

/** What every pod of this operator has in common; from its options. */
export interface PodSettings {
  /** Where shards report to: base URL of the platform. */
  readonly reportUrl: string;
  /** Image with the built-in engines. */
  readonly runnerImage: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly imagePullSecrets: readonly string[];
  /** Certificate by which pods trust the platform, PEM; null = what their image trusts. */
  readonly ca: string | null;
  /** Requests and limits of a shard whose job says nothing. */
  readonly resources: { readonly requests?: Quantities | undefined; readonly limits?: Quantities | undefined };
}

export interface PodOrder {
  readonly jobId: string;
  readonly spec: JobSpec;
  readonly labels: Readonly<Record<string, string>>;
  /** Name of the Secret with the job's token. */
  readonly secret: string;
  /** Null: the runner with the built-in engines. */
  readonly container: ServiceContainer | null;
}

const secretPath = '/var/run/secrets/simfleet';
/** As everybody who does not care calls the unprivileged user of an image (distroless does). */
const user = 65532;
/** A shard finishes the block under way and returns its lease: 15 s at most; some more for the kubelet. */
const graceSeconds = 20;

/** The pod of a shard: restricted Pod Security, no credentials of the cluster, the job's token as a file. */
export const podTemplate = (order: PodOrder, settings: PodSettings): PodTemplate => {
  const { labels, annotations, spec } = wishesOf(order.spec);
  const { resources, ...placement } = spec;
  return {
    metadata: { labels: { ...labels, ...order.labels }, ...(annotations === undefined ? {} : { annotations }) },
    spec: {
      ...placement,
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: graceSeconds,
      ...(order.spec.priorityClassName === undefined ? {} : { priorityClassName: order.spec.priorityClassName }),
      ...(settings.imagePullSecrets.length === 0
        ? {}
        : { imagePullSecrets: settings.imagePullSecrets.map((name) => ({ name })) }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [container(order, settings, resources ?? settings.resources)],
      volumes: [
        { name: 'token', secret: { secretName: order.secret, defaultMode: 0o440 } },
        { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
      ],
    },
  };
};

/** What a job may say of its pods; everything else of a pod is the operator's. */
const wishesOf = ({ podTemplate: wishes }: JobSpec) => ({
  labels: wishes?.metadata?.labels ?? {},
  annotations: wishes?.metadata?.annotations,
  spec: wishes?.spec ?? {},
});

const container = (order: PodOrder, settings: PodSettings, resources: unknown): Container => {
  const { container: own } = order;
  return {
    name: shardContainer,
    image: own?.image ?? settings.runnerImage,
    // An image by digest never changes: what is there is what is meant.
    imagePullPolicy: own === null ? settings.imagePullPolicy : 'IfNotPresent',
    ...(own?.command === undefined ? {} : { command: own.command }),
    ...(own?.args === undefined ? {} : { args: own.args }),
    // Ours come last: of two with one name the last counts.
    env: [...(own?.env ?? []), ...environment(order, settings)],
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'token', mountPath: secretPath, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
};

/** The contract with whatever runs in the pod. */
const environment = ({ jobId }: PodOrder, { reportUrl, ca }: PodSettings): readonly EnvironmentVariable[] => [
  { name: 'SIMFLEET_URL', value: reportUrl },
  { name: 'SIMFLEET_JOB_ID', value: jobId },
  { name: 'SIMFLEET_TOKEN_FILE', value: `${secretPath}/token` },
  annotated('SIMFLEET_SHARD', 'batch.kubernetes.io/job-completion-index'),
  annotated('SIMFLEET_ATTEMPT', 'batch.kubernetes.io/job-index-failure-count'),
  ...(ca === null ? [] : [{ name: 'NODE_EXTRA_CA_CERTS', value: `${secretPath}/ca.crt` }]),
];

const annotated = (name: string, annotation: string): EnvironmentVariable => ({
  name,
  valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${annotation}']` } },
});
