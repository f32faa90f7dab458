import { SimfleetError } from '@simfleet/contracts/errors';
import { log } from '@simfleet/domain/numerics';
import type { BlockRequest, ExactEngine, FoldedCounts, Kernel, Parameters, Plan } from '@simfleet/domain';
import { kernelHashes } from '../kernel-hashes.ts';
import { openKernelFile } from '../kernel-file.ts';
import { numberParameter } from '../parameters.ts';

const subrange = 2 ** 20;
const largestLimit = 10 ** 13;
/** π(10^13). */
const largestIndex = 346_065_536_839;

/** Counts primes up to a limit, or finds a prime by its index. */
export const primeSieve = (): ExactEngine => ({
  kind: 'exact',
  name: 'prime-sieve',
  version: '1',
  kernelHash: kernelHashes['prime-sieve'],
  description:
    'Counts the primes up to a limit, or finds the prime with a given index, by a segmented sieve of Eratosthenes.',
  parameters: {
    type: 'object',
    properties: {
      limit: {
        type: 'integer',
        minimum: 0,
        maximum: largestLimit,
        description: 'Count the primes up to this number, which may be one itself.',
      },
      index: {
        type: 'integer',
        minimum: 1,
        maximum: largestIndex,
        description: 'Find the prime with this index: 1 gives 2, 100 gives 541.',
      },
    },
    oneOf: [{ required: ['limit'] }, { required: ['index'] }],
    additionalProperties: false,
  },
  metrics: [
    { name: 'count', description: 'Number of primes up to `limit`; only when `limit` is given.' },
    { name: 'prime', description: 'The prime at `index`; only when `index` is given.' },
  ],
  plan: planSieve,
  open: openSieveKernel,
  target: (parameters) => taskOf(parameters).index,
  resolve: resolveSieve,
  references: () => [],
});

type SieveTask = { readonly limit: number; readonly index: null } | { readonly limit: null; readonly index: number };

const taskOf = (parameters: Parameters): SieveTask => {
  const given = (name: string): boolean => parameters[name] !== undefined;
  if (given('limit') === given('index')) {
    throw new SimfleetError('invalid-request', 'exactly one of the parameters limit and index is needed', {
      mistakes: [{ pointer: '/parameters', detail: 'needs exactly one of limit and index' }],
    });
  }
  return given('limit')
    ? { limit: wholeNumber(parameters, 'limit', 0, largestLimit), index: null }
    : { limit: null, index: wholeNumber(parameters, 'index', 1, largestIndex) };
};

const wholeNumber = (parameters: Parameters, name: string, smallest: number, largest: number): number => {
  const value = numberParameter(parameters, name);
  if (Number.isInteger(value) && value >= smallest && value <= largest) return value;
  const detail = `must be a whole number from ${smallest} to ${largest}`;
  throw new SimfleetError('invalid-request', `parameter ${name} ${detail}`, {
    mistakes: [{ pointer: `/parameters/${name}`, detail }],
  });
};

const planSieve = (parameters: Parameters): Plan => {
  const task = taskOf(parameters);
  const units = (task.limit ?? primeUpperBound(task.index)) + 1;
  // The sieve slows down with the root of what it examines: 20 to 60 ms a block.
  const blockSize = units <= 10 ** 12 ? 2 ** 27 : 2 ** 26;
  return { blockSize, blocks: Math.ceil(units / blockSize), units };
};

/**
 * No prime with this index is larger. n·(ln n + ln ln n) from n = 6 (Rosser and Schoenfeld 1962), n·(ln n + ln ln n − 0.9484) from
 * n = 39017 (Dusart 1999); one more covers the rounding.
 */
const primeUpperBound = (index: number): number => {
  if (index < 6) return 11;
  const logarithm = log(index);
  const slack = index < 39017 ? 0 : 0.9484;
  return Math.floor(index * (logarithm + log(logarithm) - slack)) + 1;
};

const openSieveKernel = (): Kernel => {
  const kernel = openKernelFile('prime-sieve');
  return {
    runBlock: ({ blockSize, block, units }: BlockRequest) => {
      const first = BigInt(block) * BigInt(blockSize);
      const address = Number(kernel.call('count', first, first + BigInt(units)));
      const counts = new Uint32Array(kernel.memory.buffer, address, Math.ceil(units / subrange));
      return { kind: 'counts', counts: [...counts] };
    },
  };
};

const resolveSieve = (parameters: Parameters, folded: FoldedCounts): { metric: string; value: number } => {
  const { limit, index } = taskOf(parameters);
  if (limit !== null) return { metric: 'count', value: folded.total };
  if (folded.found === null) throw new SimfleetError('internal', `the sieve ended before prime ${index}`);
  const { subrange: found, before } = folded.found;
  const prime = openKernelFile('prime-sieve').call('nth', BigInt(found) * BigInt(subrange), index - before);
  return { metric: 'prime', value: Number(prime) };
};
