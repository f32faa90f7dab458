import { createRateLimitPolicy } from '@simfleet/contracts';
import type { CreateRateLimitPolicy } from '@simfleet/contracts';
import type { z } from 'zod';

type Given = z.input<typeof createRateLimitPolicy>;

const unlimited = 'Not limited: reports of shards, health, metrics, documentation, and the operator of a cluster.';

const given: readonly Given[] = [
  {
    name: 'job-submission',
    description: `Jobs that a user creates: 100 in any minute. ${unlimited}`,
    measure: 'requests',
    per: 'user',
    operations: ['createJob'],
    rule: { algorithm: 'sliding-log', limit: 100, windowSeconds: 60 },
  },
  {
    name: 'api',
    description: `Requests of a user, whatever they ask: 1,200 a minute, saved up to 1,200. ${unlimited}`,
    measure: 'requests',
    per: 'user',
    rule: { algorithm: 'token-bucket', limit: 1200, windowSeconds: 60 },
  },
  {
    name: 'addresses',
    description: `Requests from one address, before it is known whose they are: 3,000 a minute, saved up to 3,000. ${unlimited}`,
    measure: 'requests',
    per: 'address',
    rule: { algorithm: 'token-bucket', limit: 3000, windowSeconds: 60 },
  },
  {
    name: 'sockets-of-user',
    description: 'Sockets that a user has open at a time.',
    measure: 'requests',
    per: 'user',
    operations: ['openSocket'],
    rule: { algorithm: 'concurrency', limit: 10_000, leaseSeconds: 120 },
  },
  {
    name: 'sockets-of-address',
    description: 'Sockets that are open from one address at a time, before and after it is known whose they are.',
    measure: 'requests',
    per: 'address',
    operations: ['openSocket'],
    rule: { algorithm: 'concurrency', limit: 10_000, leaseSeconds: 120 },
  },
  {
    name: 'queued-jobs',
    description: 'Jobs of a customer that neither run nor are over.',
    measure: 'jobs-queued',
    per: 'customer',
    rule: { algorithm: 'concurrency', limit: 10_000 },
    onStoreLoss: 'open',
  },
  {
    name: 'running-jobs',
    description: 'Jobs of a customer that run at a time; others wait for them.',
    measure: 'jobs-running',
    per: 'customer',
    rule: { algorithm: 'concurrency', limit: 1000 },
    onStoreLoss: 'open',
  },
  {
    name: 'paths-per-day',
    description: 'Paths that the jobs of a customer simulate in a day of UTC.',
    measure: 'paths',
    per: 'customer',
    rule: { algorithm: 'fixed-window', limit: 1e15, windowSeconds: 86_400 },
    onStoreLoss: 'open',
  },
];

/** What a new platform limits. They are the administrator's to change and to delete from then on. */
export const defaultPolicies = (): readonly CreateRateLimitPolicy[] =>
  given.map((policy) => createRateLimitPolicy.parse(policy));
