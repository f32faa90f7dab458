import { jobsOptions } from '@simfleet/jobs';
import { localExecutorOptions } from '@simfleet/local-executor';
import { z } from 'zod';
import { embeddedDefaults } from './embedded-defaults.ts';
import { targets } from './modules.ts';
import type { Target } from './modules.ts';

/** Limits of a stream of the broker. */
const days = z.int().min(1).max(36_500).optional();
const count = z.int().min(1).max(1_000_000_000).optional();

/** Options of the platform, whole or in parts. */
const platformOptions = z.object({
  target: z
    .array(z.enum(Object.keys(targets) as [Target, ...Target[]]))
    .min(1)
    .default(['all'])
    .describe('Services of this process: all, or of several processes on one store and bus: jobs, local-executor.'),
  dataDir: z
    .string()
    .min(1)
    .default(embeddedDefaults.dataDir)
    .describe('Directory of the store, the tokens and the lock; made when it is not there.'),
  host: z.string().min(1).default(embeddedDefaults.host).describe('Address to listen on.'),
  port: z.int().min(0).max(65_535).default(embeddedDefaults.port).describe('Port to listen on; 0 takes a free one.'),
  socketsPort: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('Port of the live stream over WebSockets; 0 takes a free one. The one after --port unless set: 8081.'),
  sockets: z
    .enum(['auto', 'ws', 'uws', 'off'])
    .default('auto')
    .describe('What serves WebSockets: uWebSockets.js where it is installed and ws elsewhere (auto), ws, uws, or off.'),
  storage: z
    .string()
    .default(embeddedDefaults.storage)
    .describe('Store: sqlite: (in the data directory), sqlite:<file>, memory:, postgres://… or mongodb://….')
    .meta({ secret: true }),
  bus: z
    .string()
    .default(embeddedDefaults.bus)
    .describe('Message bus: memory: (one process) or nats://….')
    .meta({ secret: true }),
  busMonitorUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Monitoring address of the broker (http://…:8222): tells whether it syncs before it acknowledges.'),
  retainEventsDays: days.describe(
    'Days that NATS keeps events, whether they were handled or not. Left as it is there unless set: 7 at first.',
  ),
  retainEventsCount: count.describe(
    'Events that NATS keeps, the newest, whether they were handled or not. Left as it is there unless set: all at first.',
  ),
  retainDeadDays: days.describe(
    'Days that NATS keeps events that could not be handled. Left as it is there unless set: 90 at first.',
  ),
  retainDeadCount: count.describe(
    'Events that could not be handled that NATS keeps, the newest. Left as it is there unless set: 100,000 at first.',
  ),
  adminTokenFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of the administrator’s token, made when it is not there, read again when it changes; replicas share it. In the data directory unless set.',
    ),
  operatorTokenFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of the token of a cluster’s operator, which must be there; read again when it changes. Without it there is no operator.',
    ),
  tlsCertFile: z
    .string()
    .min(1)
    .optional()
    .describe('File of the certificate chain (PEM) to serve HTTPS with; read again when it changes. HTTP unless set.'),
  tlsKeyFile: z.string().min(1).optional().describe('File of the key (PEM) of the certificate.'),
  cursorKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of the keys of list cursors, made when it is not there; replicas share it. In the data directory unless set.',
    ),
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where shards report to: the address of the load balancer. This process itself unless set.'),
  rateLimits: z
    .string()
    .default('memory:')
    .describe(
      'Where rate limits are counted: memory: (by each process for itself), redis://…, rediss://…, redis+sentinel://… or off.',
    )
    .meta({ secret: true }),
  rateLimitTimeoutMs: z
    .int()
    .min(5)
    .max(10_000)
    .default(250)
    .describe(
      'Milliseconds after which a decision does not wait for the server of rate limits any more: it does as onStoreLoss of its policy says. One such wait, or five errors in a row, and the server is taken for lost until it answers a check, 50 ms later or more. It answers within 1; below 250 a busy machine that lets it wait for a processor looks like a loss.',
    ),
  rateLimitReplicas: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe('Processes that share the limits: each holds to its part of them while their server is lost.'),
  trustedProxies: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Proxies whose X-Forwarded-For tells the address of a client: addresses, CIDR blocks, or loopback, linklocal, uniquelocal.',
    ),
  drainMs: z
    .int()
    .min(0)
    .max(60_000)
    .optional()
    .describe(
      'Milliseconds from /readyz turning false to the last new connection at a stop, for load balancers to notice: 2000 for a process that is not all, else 0.',
    ),
  printReady: z
    .boolean()
    .default(false)
    .describe(
      'Print one line of JSON, with url, socketsUrl, pid, dataDir and memberId (the name under which it holds leases), on standard output once the platform is ready.',
    ),
});
export type PlatformOptions = z.infer<typeof platformOptions>;

/** The options of all modules, by part. */
export const platformParts = { platform: platformOptions, jobs: jobsOptions, 'local-executor': localExecutorOptions };
