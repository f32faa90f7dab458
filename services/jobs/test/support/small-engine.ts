import { createHash } from 'node:crypto';
import type { BlockResult } from '@simfleet/contracts';
import type { BlockRequest, SamplingEngine } from '@simfleet/domain';

/**
 * A sampling engine that costs nothing: each block's moments are drawn from a hash of what a block may depend on. The mean is near `level`,
 * the standard deviation near `spread`. Blocks of 100 paths, so that a job has many.
 */
export const smallEngine = (
  change: { readonly kernelHash?: string; readonly blockSize?: number } = {},
): SamplingEngine => ({
  kind: 'sampling',
  name: 'small-engine',
  version: '1',
  kernelHash: change.kernelHash ?? 'a'.repeat(64),
  description: 'Draws from a hash.',
  parameters: {
    type: 'object',
    properties: {
      level: { type: 'number', minimum: 0, maximum: 1000, description: 'Mean.' },
      spread: { type: 'number', minimum: 0, maximum: 1000, description: 'Standard deviation.' },
    },
    required: ['level'],
    additionalProperties: false,
  },
  metrics: [{ name: 'price', description: 'What is drawn.' }],
  generator: 'hash',
  plan: () => ({ blockSize: change.blockSize ?? 100, blocks: null, units: null }),
  controlMeans: () => ({}),
  references: () => [{ metric: 'price', method: 'by definition', value: 1 }],
  open: () => ({ runBlock: smallBlock }),
});

export const smallBlock = ({ parameters, seed, block, units }: BlockRequest): BlockResult => {
  const bytes = createHash('sha256')
    .update(`${JSON.stringify(parameters)} ${seed} ${block} ${units}`)
    .digest();
  const unit = (at: number): number => bytes.readUInt32LE(at) / 2 ** 32;
  const level = Number(parameters['level']);
  const spread = Number(parameters['spread'] ?? 1);
  const noise = (unit(0) + unit(4) + unit(8) + unit(12) - 2) * Math.sqrt(3);
  return {
    kind: 'moments',
    paths: units,
    metrics: {
      price: {
        mean: level + (spread * noise) / Math.sqrt(units),
        m2: spread * spread * units * (0.9 + 0.2 * unit(16)),
        nonZero: units,
      },
    },
  };
};
