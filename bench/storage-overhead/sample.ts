import type { CollectionDeclaration } from '@simfleet/storage';

/** A job as the platform keeps it, about 600 bytes as JSON. */
export interface Job {
  readonly customer: string;
  readonly name: string;
  readonly state: string;
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: unknown;
}

export const declaration = {
  name: 'jobs',
  fields: {
    customer: { path: ['customer'], type: 'text' },
    name: { path: ['name'], type: 'text' },
    state: { path: ['state'], type: 'text' },
    createdAt: { path: ['createdAt'], type: 'time' },
  },
  sorts: ['name', 'createdAt'],
} as const satisfies CollectionDeclaration;

const time = '2026-01-01T00:00:00.123Z';
/** The sort key of every job's `createdAt`. */
export const timeKey = Date.parse(time);

export const job = (index: number): Job => ({
  customer: `customer-${index % 10}`,
  name: `job-${index}`,
  state: 'Running',
  createdAt: time,
  labels: { team: 'quant' },
  spec: {
    serviceRef: { name: 'european-option' },
    parameters: { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' },
    seed: '42',
    maxPaths: '100000000',
    shards: 4,
    precision: { metric: 'price', relativeError: '0.001', confidence: '0.99' },
    thresholds: [{ name: 'too-cheap', metric: 'price', below: '5.5' }],
    description: 'Nightly price of the desk’s reference option, compared with the closed formula.',
  },
});
