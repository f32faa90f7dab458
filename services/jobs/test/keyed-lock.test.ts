import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openKeyedLock } from '../src/keyed-lock.ts';

test('shared holders go together, an exclusive one goes alone, in order of arrival', async () => {
  const lock = openKeyedLock();
  const log: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const hold = (kind: 'shared' | 'exclusive', name: string): Promise<void> => {
    const gate = Promise.withResolvers<void>();
    gates.set(name, gate);
    return lock[kind]('key', async () => {
      log.push(`${name} in`);
      await gate.promise;
      log.push(`${name} out`);
    });
  };
  const all = [hold('shared', 'a'), hold('shared', 'b'), hold('exclusive', 'c'), hold('shared', 'd')];
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(log, ['a in', 'b in']);
  for (const name of ['c', 'd', 'a', 'b']) gates.get(name)?.resolve();
  await Promise.all(all);
  assert.deepEqual(log, ['a in', 'b in', 'a out', 'b out', 'c in', 'c out', 'd in', 'd out']);
});

test('a failure releases the lock and keys do not wait for each other', async () => {
  const lock = openKeyedLock();
  await assert.rejects(
    lock.exclusive('key', () => Promise.reject(new Error('no'))),
    /no/,
  );
  const blocked = lock.exclusive('key', () => new Promise<void>(() => undefined));
  void blocked;
  assert.equal(await lock.exclusive('other', () => Promise.resolve(1)), 1);
});
