import assert from 'node:assert/strict';
import { exp, log, normalCdf, normalDensity } from '@simfleet/domain';
import { findEngine } from '../../src/engines/index.ts';

interface Option {
  readonly spot: number;
  readonly strike: number;
  readonly rate: number;
  readonly volatility: number;
  readonly maturity: number;
}

/** Undiscounted E max(S − K, 0)^power for power 1 and 2, log S normal with the given mean and deviation. */
const callMoment = (power: 1 | 2, strike: number, mean: number, deviation: number): number => {
  const tilted = (order: number): number =>
    exp(order * mean + (order * order * deviation * deviation) / 2) *
    normalCdf((mean - log(strike)) / deviation + order * deviation);
  return power === 1
    ? tilted(1) - strike * tilted(0)
    : tilted(2) - 2 * strike * tilted(1) + strike * strike * tilted(0);
};

/** Price of a European call and the deviation of its discounted pay-off, by partial moments of the lognormal law. */
export const europeanCall = ({ spot, strike, rate, volatility, maturity }: Option) => {
  const mean = log(spot) + (rate - (volatility * volatility) / 2) * maturity;
  const deviation = volatility * Math.sqrt(maturity);
  const discount = exp(-rate * maturity);
  const truth = discount * callMoment(1, strike, mean, deviation);
  const second = discount * discount * callMoment(2, strike, mean, deviation);
  return { truth, deviation: Math.sqrt(second - truth * truth) };
};

/**
 * Price of an arithmetic Asian call over two steps, to about ten digits, independent of any simulation: given the first price S₁ the pay-off
 * ½·max(S₂ − (2K − S₁), 0) has a closed form, which is integrated over the normal law of log S₁ by the trapezoidal rule (whose error falls
 * faster than any power of the step for a smooth integrand that fades at both ends).
 */
export const twoStepAsianCall = ({ spot, strike, rate, volatility, maturity }: Option): number => {
  const drift = ((rate - (volatility * volatility) / 2) * maturity) / 2;
  const deviation = volatility * Math.sqrt(maturity / 2);
  const step = 1 / 2048;
  let sum = 0;
  for (let z = -12; z <= 12; z += step) {
    const first = log(spot) + drift + deviation * z;
    const left = 2 * strike - exp(first);
    const payoff =
      left > 0
        ? callMoment(1, left, first + drift, deviation)
        : exp(first + drift + (deviation * deviation) / 2) - left;
    sum += 0.5 * payoff * normalDensity(z) * step;
  }
  return exp(-rate * maturity) * sum;
};

/** Deviation of the controlled Asian sample, from one long run of the engine under a seed that no test job has. */
export const controlledDeviation = (parameters: Readonly<Record<string, string | number>>, paths: number): number => {
  const engine = findEngine('asian-option');
  assert.ok(engine?.kind === 'sampling');
  const request = { parameters, seed: 2n ** 63n, blockSize: paths, block: 0, units: paths };
  const result = engine.open().runBlock(request);
  const moments = result.kind === 'moments' ? result.metrics.price : undefined;
  assert.ok(moments?.control !== undefined);
  return Math.sqrt((moments.m2 - moments.control.cross ** 2 / moments.control.m2) / (paths - 2));
};
