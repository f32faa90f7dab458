import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { testBounds } from './bounds.ts';
import { testChanges } from './changes.ts';
import { testClocks } from './clocks.ts';
import { testCosts } from './costs.ts';
import { testCrowds } from './crowds.ts';
import { testLeases } from './leases.ts';
import { testOracle } from './oracle.ts';
import { testRanges } from './ranges.ts';
import { testRefunds } from './refunds.ts';
import { testRefusals } from './refusals.ts';
import { onOwnClock, type LimiterSuite } from './suite.ts';
import { testTogether } from './together.ts';
import { testWindows } from './windows.ts';

export type { LimiterSuite } from './suite.ts';

/** Everything that an adapter of `LimiterStore` must do, as tests of Node's runner. For tests of adapters only. */
export const testLimiterStore = (suite: LimiterSuite): void => {
  const { name } = suite;
  test(`${name}: says whether other processes are on it, can be checked, and closes twice`, () =>
    onOwnClock(suite, async (store) => {
      assert.equal(store.shared, suite.capabilities.shared);
      assert.notEqual(store.description, '');
      await store.check();
      await store.close();
      await store.close();
    }));
  describe(`${name}: refusals`, () => testRefusals(suite));
  describe(`${name}: costs`, () => testCosts(suite));
  describe(`${name}: windows`, () => testWindows(suite));
  describe(`${name}: several rules at once`, () => testTogether(suite));
  describe(`${name}: refunds and resets`, () => testRefunds(suite));
  describe(`${name}: leases`, () => testLeases(suite));
  describe(`${name}: changed rules`, () => testChanges(suite));
  describe(`${name}: ranges`, () => testRanges(suite));
  describe(`${name}: clocks`, () => testClocks(suite));
  describe(`${name}: crowds`, () => testCrowds(suite));
  describe(`${name}: the exact reference`, () => testOracle(suite));
  describe(`${name}: published bounds`, () => testBounds(suite));
};
