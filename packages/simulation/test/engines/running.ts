import assert from 'node:assert/strict';
import type { Moments, MomentsResult } from '@simfleet/contracts';
import type { Kernel, Parameters, SamplingEngine } from '@simfleet/domain';
import { findEngine } from '../../src/engines/index.ts';

export const atTheMoney = { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' };

export const samplingEngine = (name: string): SamplingEngine => {
  const engine = findEngine(name);
  assert.equal(engine?.kind, 'sampling');
  return engine;
};

export interface Piece {
  readonly seed?: bigint;
  readonly blockSize?: number;
  readonly block?: number;
  readonly units?: number;
}

/** Moments of the price over one block, of 1000 paths unless told otherwise. */
export const runBlock = (kernel: Kernel, parameters: Parameters, piece: Piece = {}): MomentsResult => {
  const { seed = 42n, blockSize = 1000, block = 0 } = piece;
  const result = kernel.runBlock({ parameters, seed, blockSize, block, units: piece.units ?? blockSize });
  assert.equal(result.kind, 'moments');
  return result;
};

export const priceOf = (result: MomentsResult): Moments => {
  const price = result.metrics['price'];
  assert.ok(price !== undefined);
  return price;
};

/** Estimate and standard error of a block by itself, with the control variate where there is one. */
export const estimateOf = (
  result: MomentsResult,
  controlMean = 0,
): { readonly value: number; readonly error: number } => {
  const { mean, m2, control } = priceOf(result);
  const n = result.paths;
  if (control === undefined) return { value: mean, error: Math.sqrt(m2 / (n - 1) / n) };
  const beta = control.m2 === 0 ? 0 : control.cross / control.m2;
  const residual = Math.max(m2 - beta * control.cross, 0);
  return { value: mean - beta * (control.mean - controlMean), error: Math.sqrt(residual / (n - 2) / n) };
};

export const assertClose = (actual: number, expected: number, tolerance: number, what: string): void => {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} is not within ${tolerance} of ${expected}`);
};
