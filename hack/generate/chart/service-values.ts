import { z } from 'zod';
import { disruptionBudget, handedOnList, image, options, podMembers, resources } from './pod-values.ts';

const port = (number: number) =>
  z.int().min(1).max(65_535).default(number).describe('Port that the container listens on.');

const autoscaling = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Let the number of replicas follow the load (needs metrics-server).'),
    minReplicas: z.int().min(1).default(2).describe('Fewest replicas.'),
    maxReplicas: z.int().min(1).default(6).describe('Most replicas.'),
    targetCPUUtilizationPercentage: z.int().min(1).max(100).default(70).describe('Of the requested CPU.'),
  })
  .prefault({})
  .describe('HorizontalPodAutoscaler.');

const sockets = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Serve live streams over WebSockets, too.'),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(8082)
      .describe(
        'Port of WebSockets, of the container and of the Service. 8081 is the operator’s, on the same node perhaps.',
      ),
  })
  .prefault({})
  .describe('Live streams over WebSockets, at /v1/socket.');

const service = z
  .strictObject({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP').describe('How the API is reached.'),
    annotations: z.record(z.string(), z.string()).default({}).describe('Annotations of the Service.'),
  })
  .prefault({})
  .describe('Service of the API.');

const rateLimits = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Hold requests and jobs to the rate limit policies.'),
    url: z
      .string()
      .regex(/^(rediss?(\+sentinel)?:\/\/\S+)?$/)
      .default('')
      .describe(
        'URL of a Redis or Valkey in which all replicas count, with its credentials: rediss://user:password@host:6379, or of sentinels: rediss+sentinel://user:password@sentinel:26379/name. Without one each replica counts for itself: several admit as many times as much.',
      ),
    existingSecret: z.string().default('').describe('Secret whose key `url` holds that URL, instead of `url`.'),
    trustedProxies: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Addresses or CIDR blocks of the ingress and of balancers: whose X-Forwarded-For tells the address of a client.',
      ),
  })
  .prefault({})
  .describe('Rate limits of the API.');

export const platform = z
  .strictObject({
    replicas: z.int().min(1).max(50).default(2).describe('Replicas of the API; without effect with autoscaling.'),
    port: port(8080),
    sockets,
    rateLimits,
    url: z
      .string()
      .regex(/^(https?:\/\/\S+)?$/)
      .default('')
      .describe('Where the operator and shards reach the API; the Service when empty.'),
    drainSeconds: z
      .int()
      .min(0)
      .max(60)
      .default(5)
      .describe('Seconds from a stop to the last new connection, for balancers to notice.'),
    options: options('docs/reference/configuration.md'),
    resources: resources({ cpu: '250m', memory: '384Mi' }, { memory: '1Gi' }),
    autoscaling,
    podDisruptionBudget: disruptionBudget,
    service,
    ...podMembers,
  })
  .prefault({})
  .describe('The API: customers, services, jobs, reports, live streams.');

export const operator = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Run jobs on this cluster.'),
    replicas: z.int().min(1).max(5).default(2).describe('One leads, the others stand by.'),
    port: port(8081),
    options: options('docs/reference/configuration.md'),
    namespaces: z
      .array(z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/))
      .default([])
      .describe('Namespaces that the operator may write to and keep Secrets in; all when empty. They must be there.'),
    resources: resources({ cpu: '100m', memory: '256Mi' }, { memory: '1Gi' }),
    podDisruptionBudget: disruptionBudget,
    ...podMembers,
  })
  .prefault({})
  .describe('The operator: SimulationJobs become Indexed Jobs.');

export const shards = z
  .strictObject({
    image: image(
      'ghcr.io/simfleet/runner',
      '',
      'Image with the built-in engines. Its pull secrets must be in the namespaces of jobs.',
    ),
    resources: resources({ cpu: '1', memory: '256Mi' }, { cpu: '1', memory: '512Mi' }),
  })
  .prefault({})
  .describe('The pods of jobs.');

export const ingress = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Publish the API.'),
    className: z.string().default('').describe('Ingress class; the cluster’s default when empty.'),
    host: z
      .string()
      .regex(/^((\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/)
      .default('')
      .describe('Name by which the API is reached; required.'),
    path: z.string().regex(/^\//).default('/').describe('Prefix of the path.'),
    tlsSecret: z.string().default('').describe('Secret with the certificate for the host.'),
    annotations: z
      .record(z.string(), z.string())
      .default({})
      .describe('For the controller: speak HTTPS to the pods, let silent streams live for 60 s, do not buffer.'),
  })
  .prefault({})
  .describe('Ingress of the API.');

export const networkPolicy = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Deny what is not needed between the pods of the release and all others.'),
    clients: handedOnList
      .default([{ namespaceSelector: {} }])
      .describe(
        'Peers that may use the API besides the operator and shards: all namespaces of the cluster as it comes. Name that of your ingress controller.',
      ),
    monitors: handedOnList
      .default([{ namespaceSelector: {} }])
      .describe('Peers that may read the operator’s /metrics.'),
    apiServerPorts: z.array(z.int().min(1).max(65_535)).default([443, 6443]).describe('Ports of the Kubernetes API.'),
    externalPorts: z
      .array(z.int().min(1).max(65_535))
      .default([4222, 5432, 6379, 26379, 27017])
      .describe('Ports of a database, NATS, Redis or its sentinels elsewhere; used when one is.'),
  })
  .prefault({})
  .describe('NetworkPolicies.');
