import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEngine } from '../../src/engines/index.ts';
import { assertHonest, assertThrifty, runSeeds } from './run-seeds.ts';
import { controlledDeviation, twoStepAsianCall } from './true-moments.ts';

const engine = 'asian-option';
const atTheMoney = { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call', steps: 2 };
/** Pays on 3 % of the paths. */
const rare = { ...atTheMoney, strike: 138 };
/** Pays on 0.1 % of the paths. */
const veryRare = { ...atTheMoney, strike: 165 };

test('the integrated price lies above the geometric average, its lower bound, and close to it', () => {
  for (const parameters of [atTheMoney, rare, veryRare]) {
    const [geometric] = findEngine(engine)?.references(parameters) ?? [];
    const ratio = twoStepAsianCall(parameters) / (geometric?.value ?? 0);
    assert.ok(ratio > 1 && ratio < 1.5, String(ratio));
  }
});

for (const confidence of [0.95, 0.99])
  test(`an option at the money: intervals of ${confidence} hold the price, at 1.3 times the oracle's paths`, (t) => {
    const truth = twoStepAsianCall(atTheMoney);
    const deviation = controlledDeviation(atTheMoney, 4_000_000);
    const outcome = runSeeds(t, {
      engine,
      parameters: atTheMoney,
      truth,
      deviation,
      oracle: 30_000,
      blockSize: 64,
      confidence,
      seeds: 1000,
    });
    assertHonest(outcome, confidence);
    assertThrifty(outcome);
  });

test("an option that pays on 3 % of the paths: intervals hold the price, at 1.3 times the oracle's paths", (t) => {
  const truth = twoStepAsianCall(rare);
  const deviation = controlledDeviation(rare, 8_000_000);
  const outcome = runSeeds(t, {
    engine,
    parameters: rare,
    truth,
    deviation,
    oracle: 210_000,
    blockSize: 2048,
    confidence: 0.95,
    seeds: 1000,
  });
  assertHonest(outcome, 0.95);
  assertThrifty(outcome);
});

test(`an option that pays on 0.1 % of the paths: intervals hold the price even for loose targets`, (t) => {
  const truth = twoStepAsianCall(veryRare);
  const deviation = controlledDeviation(veryRare, 16_000_000);
  const outcome = runSeeds(t, {
    engine,
    parameters: veryRare,
    truth,
    deviation,
    oracle: 6_000,
    blockSize: 1024,
    confidence: 0.95,
    seeds: 1000,
  });
  assertHonest(outcome, 0.95);
});
