import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDurable } from './durable.ts';
import { testLetters } from './letters.ts';
import { followed, type BusSuite, type Ends } from './suite.ts';
import { testTakeOver } from './take-over.ts';
import { testTalk } from './talk.ts';

export type { BusSuite } from './suite.ts';

const testEnds = (name: string, ends: Ends): void => {
  describe(`${name}: durable events`, () => testDurable(ends));
  describe(`${name}: instances of one name`, () => testTakeOver(ends));
  describe(`${name}: dead letters`, () => testLetters(ends));
  describe(`${name}: broadcasts and requests`, () => testTalk(ends));
};

/** Everything that an adapter of `Bus` must do, as tests of Node's runner. For tests of adapters only. */
export const testBus = ({ name, open, shared }: BusSuite): void => {
  test(`${name}: says whether other processes are on it`, async () => {
    const bus = await open(followed());
    assert.equal(bus.shared, shared !== undefined);
    await bus.close();
  });
  testEnds(name, {
    async open(tracing) {
      const bus = await open(tracing);
      return [bus, bus];
    },
  });
  if (shared !== undefined) testEnds(`${name} with two connections`, { open: shared });
};
