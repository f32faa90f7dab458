import { describe } from 'node:test';
import { testDurable } from './durable.ts';
import type { BusSuite } from './suite.ts';
import { testTalk } from './talk.ts';

export type { BusSuite } from './suite.ts';

/** Everything that an adapter of `Bus` must do, as tests of Node's runner. For tests of adapters only. */
export const testBus = (suite: BusSuite): void => {
  describe(`${suite.name}: durable events`, () => testDurable(suite));
  describe(`${suite.name}: broadcasts and requests`, () => testTalk(suite));
};
