import { z } from 'zod';
import { database, nats } from './backing-values.ts';
import { image, resources } from './pod-values.ts';
import { ingress, networkPolicy, operator, platform, shards } from './service-values.ts';

const existing = (what: string) =>
  z.string().default('').describe(`Secret with ${what}, instead of one that the chart makes once and keeps.`);

const secrets = z
  .strictObject({
    adminToken: existing('the administrator’s token (43 letters of base64url or more) under `token`'),
    operatorToken: existing('the operator’s token under `token`'),
    cursorKeys: existing('the keys of list cursors under `keys`'),
  })
  .prefault({})
  .describe('Secrets of the platform. Where templates are rendered without the cluster (Argo CD), name existing ones.');

const tls = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'Encrypt what the parts say to each other. The chart makes an authority and certificates of its own and keeps them.',
      ),
    existingSecret: z
      .string()
      .default('')
      .describe('Secret (kubernetes.io/tls) with a certificate for the API, read again when it changes.'),
    trust: z
      .string()
      .default('')
      .describe(
        'Further certificates (PEM) that platform, operator and shards trust: who signed `existingSecret`, a database or NATS elsewhere.',
      ),
    names: z
      .array(z.string().regex(/^([0-9a-f:.]+|(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/))
      .default([])
      .describe('Further names and addresses in the certificate of the API.'),
  })
  .prefault({})
  .describe('TLS within the cluster.');

const serviceMonitor = z
  .strictObject({
    enabled: z
      .union([z.boolean(), z.literal('auto')])
      .default('auto')
      .describe('Have Prometheus read /metrics; auto: where the cluster knows ServiceMonitors.'),
    interval: z
      .string()
      .regex(/^\d+[sm]$/)
      .default('30s')
      .describe('How often.'),
    labels: z.record(z.string(), z.string()).default({}).describe('Labels by which your Prometheus selects.'),
    serverName: z
      .string()
      .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/)
      .default('')
      .describe(
        'Name that Prometheus expects in the certificate of the API: one of `tls.existingSecret`. That of the Service in its namespace (`….svc`) when empty.',
      ),
  })
  .prefault({})
  .describe('ServiceMonitor of the Prometheus operator.');

const upgradeCrds = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Bring the CRDs up to date before an upgrade; Helm itself never does.'),
  })
  .prefault({})
  .describe('Upgrade of the CRDs.');

const tests = z
  .strictObject({
    customer: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      .default('helm-test')
      .describe('Customer whose namespace `helm test` makes, runs a job in and removes.'),
    timeoutSeconds: z.int().min(10).max(3600).default(300).describe('How long the job may take.'),
    resources: resources({ cpu: '50m', memory: '64Mi' }, { memory: '128Mi' }),
  })
  .prefault({})
  .describe('`helm test`.');

/** Short enough for what the parts add to it. */
const nameOfResources = z
  .string()
  .max(40)
  .regex(/^([a-z]([-a-z0-9]*[a-z0-9])?)?$/)
  .default('');

/** The values of the chart: values.yaml, values.schema.json and the table of its README are made from this. */
export const chartValues = z.strictObject({
  nameOverride: nameOfResources.describe('Instead of the chart’s name in the names of resources.'),
  fullnameOverride: nameOfResources.describe('Instead of release and chart in the names of resources.'),
  image: image('ghcr.io/simfleet/platform', '', 'Image of the API, the operator and the chart’s own steps.'),
  platform,
  operator,
  shards,
  nats,
  database,
  tls,
  secrets,
  ingress,
  networkPolicy,
  serviceMonitor,
  crds: upgradeCrds,
  tests,
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe entries of the logs.'),
  hostNetwork: z
    .boolean()
    .default(false)
    .describe(
      'Pods use the network of their node: for clusters without one of their own, in a namespace that permits it.',
    ),
  global: z.record(z.string(), z.unknown()).optional().describe('Helm’s own, for charts of charts.'),
});
