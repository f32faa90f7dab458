import { z } from 'zod';

/** A list of resources and quantities, as Kubernetes has them. */
const quantities = z.record(z.string(), z.string());

/** Options of the operator. */
export const operatorOptions = z.object({
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe('File that says where the cluster is. Unless set, that of the pod’s service account, or of the user.'),
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .default('http://127.0.0.1:8080')
    .describe('Address of the platform, for the operator itself.'),
  reportUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address of the platform, for the pods of jobs. That of --api-url unless set.'),
  operatorTokenFile: z
    .string()
    .min(1)
    .default('/var/run/secrets/simfleet/operator-token')
    .describe('File of the token by which the platform knows the operator.'),
  bus: z
    .string()
    .default('nats://127.0.0.1:4222')
    .describe('Message bus of the platform: nats://….')
    .meta({ secret: true }),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('Certificate (PEM) by which pods trust the platform; it comes into the Secret of every job.'),
  runnerImage: z.string().min(1).default('simfleet-runner').describe('Image with the built-in engines.'),
  runnerPullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .default('IfNotPresent')
    .describe('When nodes pull the runner image.'),
  imagePullSecrets: z
    .array(z.string().min(1))
    .default([])
    .describe('Names of Secrets by which nodes pull images of jobs.'),
  shardResources: z
    .object({ requests: quantities.optional(), limits: quantities.optional() })
    .default({ requests: { cpu: '500m', memory: '128Mi' }, limits: { memory: '256Mi' } })
    .describe('Resources of a shard whose job does not say.'),
  leaseNamespace: z.string().min(1).default('default').describe('Namespace of the Lease by which one replica leads.'),
  leaseName: z.string().min(1).default('simfleet-operator').describe('Name of that Lease.'),
  identity: z
    .string()
    .min(1)
    .optional()
    .describe('Name of this replica in the Lease, such as that of its pod. Something random is added.'),
  workers: z.int().min(1).max(64).default(16).describe('Jobs that are looked at at the same time.'),
  host: z.string().min(1).default('0.0.0.0').describe('Address to listen on: health and metrics.'),
  port: z.int().min(0).max(65_535).default(8080).describe('Port to listen on; 0 takes a free one.'),
  printReady: z
    .boolean()
    .default(false)
    .describe('Print one line of JSON, with url and pid, on standard output once the operator is ready.'),
});
export type OperatorOptions = z.infer<typeof operatorOptions>;

/** By part, as configurations are read. */
export const operatorParts = { operator: operatorOptions };
