import { exp } from '@simfleet/domain/numerics';
import type { BlockRequest, Kernel, Parameters, SamplingEngine } from '@simfleet/domain';
import { kernelHashes } from '../kernel-hashes.ts';
import { openKernelFile } from '../kernel-file.ts';
import { lognormalOptionPrice, optionProperties, optionRequired } from '../lognormal-option.ts';
import { numberParameter, optionParameters } from '../parameters.ts';

/** Path-steps of a block: 40 to 60 ms at 100 million a second. */
const blockPathSteps = 6_000_000;
const smallestBlock = 256;

/** Arithmetic-average Asian option, with the geometric-average option of the same path as control variate. */
export const asianOption = (): SamplingEngine => ({
  kind: 'sampling',
  name: 'asian-option',
  version: '1',
  kernelHash: kernelHashes['asian-option'],
  generator: 'philox4x32-10',
  description:
    'Price of an option on the arithmetic average of one asset over equally spaced dates, with the geometric average as control variate.',
  parameters: {
    type: 'object',
    properties: {
      ...optionProperties,
      steps: {
        type: 'integer',
        minimum: 1,
        maximum: 10_000,
        default: 252,
        description: 'Dates averaged over, equally spaced, the last at maturity; today is not one of them.',
      },
    },
    required: optionRequired,
    additionalProperties: false,
  },
  metrics: [{ name: 'price', description: 'Discounted expected pay-off.' }],
  plan: (parameters) => ({ blockSize: blockSizeFor(stepsOf(parameters)), blocks: null, units: null }),
  open: openAsianKernel,
  controlMeans: (parameters) => ({ price: geometricPrice(parameters) }),
  references: (parameters) => [
    {
      metric: 'price',
      method: 'Geometric average, closed form (control variate)',
      value: geometricPrice(parameters),
      comparable: false,
    },
  ],
});

const stepsOf = (parameters: Parameters): number => numberParameter({ steps: 252, ...parameters }, 'steps');

/** Largest power of two whose path-steps fit, at least `smallestBlock`. */
const blockSizeFor = (steps: number): number => {
  let size = smallestBlock;
  while (2 * size * steps <= blockPathSteps) size *= 2;
  return size;
};

/**
 * Kemna and Vorst 1990, for n dates T/n, 2T/n, … T: the logarithm of the geometric average is normal with mean (r − σ²/2)·T·(n+1)/(2n)
 * and variance σ²·T·(n+1)·(2n+1)/(6n²).
 */
const geometricPrice = (parameters: Parameters): number => {
  const option = optionParameters(parameters);
  const { rate, volatility, maturity } = option;
  const n = stepsOf(parameters);
  const mean = ((rate - volatility ** 2 / 2) * maturity * (n + 1)) / (2 * n);
  const variance = (volatility ** 2 * maturity * (n + 1) * (2 * n + 1)) / (6 * n * n);
  return lognormalOptionPrice(option, mean, variance);
};

const openAsianKernel = (): Kernel => {
  const kernel = openKernelFile('asian-option');
  return {
    runBlock: ({ parameters, seed, blockSize, block, units }: BlockRequest) => {
      const { spot, strike, rate, volatility, maturity, sign } = optionParameters(parameters);
      const steps = stepsOf(parameters);
      const discount = exp(-rate * maturity);
      const drift = ((rate - (volatility * volatility) / 2) * maturity) / steps;
      const deviation = volatility * Math.sqrt(maturity / steps);
      const first = BigInt(block) * BigInt(blockSize);
      const address = kernel.call('simulate', seed, first, units, steps, spot, strike, drift, deviation, sign);
      const results = new DataView(kernel.memory.buffer, Number(address), 48);
      const [mean, m2, nonZero, controlMean, controlM2, cross] = [0, 8, 16, 24, 32, 40].map((at) =>
        results.getFloat64(at, true),
      ) as [number, number, number, number, number, number];
      const square = discount * discount;
      const control = { mean: discount * controlMean, m2: square * controlM2, cross: square * cross };
      return {
        kind: 'moments',
        paths: units,
        metrics: { price: { mean: discount * mean, m2: square * m2, nonZero, control } },
      };
    },
  };
};
