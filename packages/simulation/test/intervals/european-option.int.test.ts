import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEngine } from '../../src/engines/index.ts';
import { assertHonest, assertThrifty, binomialTail, runSeeds } from './run-seeds.ts';
import { europeanCall } from './true-moments.ts';

const engine = 'european-option';
const atTheMoney = { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' };
/** Pays on 1.5 % of the paths. */
const rare = { ...atTheMoney, strike: 159 };
/** Pays on 0.1 % of the paths. */
const veryRare = { ...atTheMoney, strike: 191 };

test('the true price agrees with the closed form of the engine', () => {
  const [reference] = findEngine(engine)?.references(rare) ?? [];
  assert.ok(Math.abs((reference?.value ?? 0) / europeanCall(rare).truth - 1) < 1e-11);
});

test('the binomial test tells too few from chance', () => {
  assert.ok(Math.abs(binomialTail(950, 1000, 0.95) - 0.52026) < 1e-5);
  assert.ok(binomialTail(923, 1000, 0.95) > 1e-4 && binomialTail(922, 1000, 0.95) < 1e-4);
  assert.ok(Math.abs(binomialTail(1000, 1000, 0.95) - 1) < 1e-9);
});

for (const confidence of [0.95, 0.99])
  test(`an option at the money: intervals of ${confidence} hold the price, at 1.3 times the oracle's paths`, (t) => {
    const { truth, deviation } = europeanCall(atTheMoney);
    const oracle = 30_000;
    const outcome = runSeeds(t, {
      engine,
      parameters: atTheMoney,
      truth,
      deviation,
      oracle,
      blockSize: 256,
      confidence,
      seeds: 1000,
    });
    assertHonest(outcome, confidence);
    assertThrifty(outcome);
  });

test("an option that pays on 1.5 % of the paths: intervals hold the price, at 1.3 times the oracle's paths", (t) => {
  const { truth, deviation } = europeanCall(rare);
  const outcome = runSeeds(t, {
    engine,
    parameters: rare,
    truth,
    deviation,
    oracle: 410_000,
    blockSize: 4096,
    confidence: 0.95,
    seeds: 1000,
  });
  assertHonest(outcome, 0.95);
  assertThrifty(outcome);
});

test('an option that pays on 0.1 % of the paths: intervals hold the price even for loose targets', (t) => {
  const { truth, deviation } = europeanCall(veryRare);
  const outcome = runSeeds(t, {
    engine,
    parameters: veryRare,
    truth,
    deviation,
    oracle: 10_000,
    blockSize: 1024,
    confidence: 0.95,
    seeds: 1000,
  });
  assertHonest(outcome, 0.95);
});

test(`an option that pays on 0.1 % of the paths: 1.3 times the oracle's paths`, (t) => {
  const { truth, deviation } = europeanCall(veryRare);
  const outcome = runSeeds(t, {
    engine,
    parameters: veryRare,
    truth,
    deviation,
    oracle: 6_200_000,
    blockSize: 32_768,
    confidence: 0.95,
    seeds: 1000,
  });
  assertHonest(outcome, 0.95);
  assertThrifty(outcome);
});
