import { z } from 'zod';
import { image, persistence, podMembers, resources } from './pod-values.ts';

/** NATS and the database: small ones of the chart's own, or others by URL. */
export const nats = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Run one NATS server with JetStream in the release, synced before it acknowledges.'),
    url: z
      .string()
      .regex(/^((nats|tls):\/\/\S+)?$/)
      .default('')
      .describe(
        'URL of a NATS server elsewhere, with its credentials: tls://user:password@host:4222. For enabled: false.',
      ),
    existingSecret: z.string().default('').describe('Secret whose key `url` holds that URL, instead of `url`.'),
    monitorUrl: z
      .string()
      .regex(/^(https?:\/\/\S+)?$/)
      .default('')
      .describe('Monitoring address of a server elsewhere: the log then says whether it syncs before it acknowledges.'),
    image: image('docker.io/library/nats', '2.15.2', 'The official image.'),
    persistence: persistence('8Gi'),
    resources: resources({ cpu: '100m', memory: '128Mi' }, { memory: '512Mi' }),
    ...podMembers,
  })
  .prefault({})
  .describe('The message bus.');

export const database = z
  .strictObject({
    kind: z
      .enum(['postgresql', 'mongodb'])
      .default('postgresql')
      .describe('Which database keeps customers, jobs and results.'),
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'Run one small server in the release. For more than trying out, have one with backups and a standby elsewhere.',
      ),
    url: z
      .string()
      .regex(/^((postgres|postgresql|mongodb|mongodb\+srv):\/\/\S+)?$/)
      .default('')
      .describe(
        'URL of a database elsewhere, with its credentials: postgres://user:password@host/name?sslmode=verify-full. For enabled: false.',
      ),
    existingSecret: z.string().default('').describe('Secret whose key `url` holds that URL, instead of `url`.'),
    postgresql: z
      .strictObject({ image: image('docker.io/library/postgres', '17.6', 'The official image.') })
      .prefault({})
      .describe('For kind: postgresql.'),
    mongodb: z
      .strictObject({ image: image('docker.io/library/mongo', '8.0.12', 'The official image.') })
      .prefault({})
      .describe('For kind: mongodb.'),
    persistence: persistence('16Gi'),
    resources: resources({ cpu: '250m', memory: '256Mi' }, { memory: '1Gi' }),
    ...podMembers,
  })
  .prefault({})
  .describe('The store.');
