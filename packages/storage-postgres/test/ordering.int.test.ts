import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Storage } from '@simfleet/storage';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { systemCalls, temporaryDirectory, until, type PostgresServer, type SystemCall } from '@simfleet/testing';
import { withPostgres } from './server.ts';

/**
 * Follows the processes that the server starts from now on, so connections must be made below it. Answers the function that ends the trace and tells
 * the calls in it, or why there is none.
 */
const trace = async (
  t: TestContext,
  { pid }: PostgresServer,
  fault: string,
): Promise<{ readonly end: () => Promise<readonly SystemCall[]> } | { readonly reason: string }> => {
  if (spawnSync('strace', ['-V']).error !== undefined) return { reason: 'strace is not installed' };
  const file = join(temporaryDirectory(t).path, 'trace');
  const names = 'trace=recvfrom,pwrite64,fdatasync,sendto';
  const seen = ['-f', '-y', '-s', '65536', '-e', names, '-e', `inject=fdatasync:${fault}`, '-o', file];
  const tracing = spawn('strace', [...seen, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  tracing.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(tracing, 'exit');
  await until('strace to attach', () => said.includes('attached') || tracing.exitCode !== null);
  if (tracing.exitCode !== null) return { reason: `strace may not attach: ${said.trim()}` };
  return {
    async end() {
      tracing.kill('SIGINT');
      await ended;
      return systemCalls(readFileSync(file, 'utf8'));
    },
  };
};

const isLog = ({ arguments: shown }: SystemCall): boolean => /^\d+<[^>]*\/pg_wal\//.test(shown);

/** What the server did with the write that carries the needle. */
const orderOf = (calls: readonly SystemCall[], needle: string): string => {
  const asked = calls.find(({ name, arguments: shown }) => name === 'recvfrom' && shown.includes(needle));
  if (asked === undefined) return 'never asked';
  const answered = calls.find(({ name, pid, began }) => name === 'sendto' && pid === asked.pid && began > asked.ended);
  if (answered === undefined) return 'never answered';
  const before = calls.filter((call) => isLog(call) && call.began > asked.ended && call.ended < answered.began);
  const written = before.find(({ name, arguments: shown }) => name === 'pwrite64' && shown.includes(needle));
  if (written === undefined) return 'answered before it was written';
  const synced = before.some(
    ({ name, began, result }) => name === 'fdatasync' && began > written.ended && result === 0,
  );
  return synced ? 'synced, then answered' : 'answered before it was synced';
};

const rounds = [0, 1, 2, 3, 4];

/** Writes of every kind; each needle is there thrice, so that the end of a page of the log never cuts all of them. Answers the needles. */
const write = async (storage: Storage, prefix: string): Promise<readonly string[]> => {
  const things = await storage.collection({ name: 'things', fields: {}, sorts: [] });
  const needles: string[] = [];
  const needle = (what: string, round: number): string => {
    const text = `${prefix}-${what}-${round}`;
    needles.push(text);
    return `${text} ${text} ${text}`;
  };
  for (const round of rounds) {
    await things.insert(`${prefix} ${round}`, { customer: needle('insert', round) });
    await things.save(`${prefix} ${round}`, 1, { customer: needle('save', round) });
    await storage.log.append('s', [{ key: `${prefix} ${round}`, data: needle('append', round) }]);
  }
  return needles;
};

withPostgres(
  (server) => {
    test('documents and log entries are acknowledged only after fdatasync of their write-ahead log', async (t) => {
      const url = await server().createDatabase();
      // Slow enough that an answer that did not wait would be seen before the end.
      const tracing = await trace(t, server(), 'delay_exit=10000');
      if ('reason' in tracing) return t.skip(tracing.reason);
      const durable = await openPostgresStorage({ url, connections: 1 });
      const careless = await openPostgresStorage({ url, connections: 1, synchronousCommit: 'off' });
      const waited = await write(durable, 'durable');
      const hurried = await write(careless, 'careless');
      await Promise.all([durable.close(), careless.close()]);
      const calls = await tracing.end();
      for (const needle of waited) assert.equal(orderOf(calls, needle), 'synced, then answered', needle);
      // The same look tells a server that answers first.
      const told = hurried.map((needle) => orderOf(calls, needle));
      assert.ok(told.filter((order) => order.startsWith('answered before')).length >= 10, told.join(', '));
    });

    test('a write whose fdatasync fails is not acknowledged', async (t) => {
      const url = await server().createDatabase();
      const first = await openPostgresStorage({ url });
      await write(first, 'first');
      await first.close();
      const tracing = await trace(t, server(), 'error=EIO');
      if ('reason' in tracing) return t.skip(tracing.reason);
      const storage = await openPostgresStorage({ url, connections: 1 });
      const things = await storage.collection({ name: 'things', fields: {}, sorts: [] });
      await assert.rejects(things.insert('lost', { customer: 'acme' }), { code: 'unavailable' });
      const calls = await tracing.end();
      assert.ok(calls.some((call) => call.name === 'fdatasync' && isLog(call) && call.result === -1));
      // PostgreSQL gives up whole, because nobody knows what is on the disk then.
      await server().kill();
      await server().start();
      assert.equal((await things.get('first 4'))?.version, 2);
      assert.equal(await storage.log.last('s'), rounds.length);
      await storage.close();
    });
  },
  { fsync: true },
);
