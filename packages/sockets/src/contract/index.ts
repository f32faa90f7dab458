import { describe } from 'node:test';
import { testBudget } from './budget.ts';
import { testEndings } from './endings.ts';
import { testHostile } from './hostile.ts';
import { testTalk } from './talk.ts';
import { testTls } from './tls.ts';
import { testUpgrades } from './upgrades.ts';
import type { SocketSuite } from './suite.ts';

export { connectClient } from './client.ts';
export type { TestClient } from './client.ts';
export { serveFixture } from './fixture.ts';
export type { FixtureAddress, FixtureOptions } from './fixture.ts';
export type { SocketSuite, SocketTraits } from './suite.ts';

/** Everything that a driver of `SocketServer` must do, as tests of Node's runner. For tests of drivers only. Most of it is waiting, so the tests run side by side. */
export const testSocketServer = (suite: SocketSuite): void => {
  const { name } = suite;
  describe(`${name}: messages`, { concurrency: 4 }, () => testTalk(suite));
  describe(`${name}: the budget of slow clients`, { concurrency: 6 }, () => testBudget(suite));
  describe(`${name}: endings`, { concurrency: 10 }, () => testEndings(suite));
  describe(`${name}: upgrades`, { concurrency: 4 }, () => testUpgrades(suite));
  describe(`${name}: hostile clients`, { concurrency: 4 }, () => testHostile(suite));
  describe(`${name}: TLS`, () => testTls(suite));
};
