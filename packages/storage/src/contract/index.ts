import { describe } from 'node:test';
import { testDeath } from './death.ts';
import { testDifferential } from './differential.ts';
import { testDocuments } from './documents.ts';
import { testDumps } from './dumps.ts';
import { testEvents } from './events.ts';
import { testIndexes } from './indexes.ts';
import { testLifecycle } from './lifecycle.ts';
import { testLog } from './log.ts';
import { testQueries } from './queries.ts';
import { testShared } from './shared.ts';
import type { StorageSuite } from './suite.ts';

export type { Durable, OpenAt, StorageSuite } from './suite.ts';

/** Everything that an adapter of `Storage` must do, as tests of Node's runner. For tests of adapters only. */
export const testStorage = (suite: StorageSuite): void => {
  describe(`${suite.name}: documents`, () => testDocuments(suite));
  describe(`${suite.name}: events`, () => testEvents(suite));
  describe(`${suite.name}: queries`, () => testQueries(suite));
  describe(`${suite.name}: log`, () => testLog(suite));
  describe(`${suite.name}: dump and load`, () => testDumps(suite));
  describe(`${suite.name}: life cycle`, () => testLifecycle(suite));
  describe(`${suite.name}: beside the memory store`, () => testDifferential(suite));
  const { durable } = suite.capabilities;
  if (durable === null) return;
  describe(`${suite.name}: indexes`, () => testIndexes(durable));
  describe(`${suite.name}: death and return`, () => testDeath(durable));
  if (suite.capabilities.shared) describe(`${suite.name}: several at once`, () => testShared(durable));
};
