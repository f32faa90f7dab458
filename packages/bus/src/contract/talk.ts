import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import { Inbox, refused, withBus, type BusSuite } from './suite.ts';

const token = { jobId: 'a', sha256: 'ab'.repeat(32) };

export const testTalk = (suite: BusSuite): void => {
  test('a broadcast reaches everyone who listens to its subject now', () =>
    withBus(suite, async (bus) => {
      const [one, two, other] = [new Inbox<unknown>(), new Inbox<unknown>(), new Inbox<unknown>()];
      await bus.listen('news', (message) => void one.put(message));
      const end = await bus.listen('news', (message) => void two.put(message));
      await bus.listen('weather', (message) => void other.put(message));
      bus.broadcast('nobody', 1);
      bus.broadcast('news', { stream: 's', last: 3 });
      assert.deepEqual(await one.until(1), [{ stream: 's', last: 3 }]);
      assert.deepEqual(await two.until(1), [{ stream: 's', last: 3 }]);
      await end();
      await end();
      bus.broadcast('news', 'more');
      bus.broadcast('weather', 'fair');
      await one.until(2);
      assert.deepEqual(await other.until(1), ['fair']);
      assert.equal(two.got.length, 1);
    }));

  test('a listener that throws harms neither the others nor the sender', () =>
    withBus(suite, async (bus) => {
      const inbox = new Inbox<unknown>();
      await bus.listen('news', () => {
        throw new Error('Not listening');
      });
      await bus.listen('news', (message) => void inbox.put(message));
      bus.broadcast('news', 1);
      assert.deepEqual(await inbox.until(1), [1]);
    }));

  test('a request is answered by one of those who answer its subject', () =>
    withBus(suite, async (bus) => {
      const bodies: unknown[] = [];
      for (let answering = 0; answering < 2; answering += 1) {
        await bus.answer('jobs.register-token', async (body) => {
          bodies.push(body);
          return { accepted: true };
        });
      }
      assert.deepEqual(await bus.request('jobs.register-token', token), { accepted: true });
      assert.deepEqual(bodies, [token]);
    }));

  test('a request that nobody answers, or not in time, is `unavailable`', () =>
    withBus(suite, async (bus) => {
      await refused('unavailable', bus.request('jobs.register-token', token, { timeoutMs: 50 }));
      const end = await bus.answer('jobs.register-token', () => new Promise(() => undefined));
      await refused('unavailable', bus.request('jobs.register-token', token, { timeoutMs: 20 }));
      void end();
      await refused('unavailable', bus.request('jobs.register-token', token, { timeoutMs: 50 }));
    }));

  test('a request that does not fit its schema is refused by name and reaches nobody', () =>
    withBus(suite, async (bus) => {
      let asked = 0;
      await bus.answer('jobs.register-token', async () => ({ accepted: (asked += 1) > 0 }));
      for (const sha256 of ['short', undefined as never, 7 as never]) {
        const asking = bus.request('jobs.register-token', { jobId: 'a', sha256 });
        await assert.rejects(asking, { code: 'invalid-request', message: /\/sha256/ });
      }
      assert.equal(asked, 0);
    }));

  test('a reply that does not fit its schema is an `internal` error of who answers', () =>
    withBus(suite, async (bus) => {
      await bus.answer('jobs.register-token', async () => ({ accepted: 'yes' as unknown as boolean }));
      await refused('internal', bus.request('jobs.register-token', token));
    }));

  test('errors of ours come back by their code, others as `internal` without their inside', () =>
    withBus(suite, async (bus) => {
      let error: Error = new SimfleetError('job-over', 'It is over.');
      await bus.answer('jobs.register-token', () => Promise.reject(error));
      await refused('job-over', bus.request('jobs.register-token', token));
      error = new Error('password=hunter2');
      await assert.rejects(bus.request('jobs.register-token', token), (caught: Error & { code?: unknown }) => {
        assert.equal(caught.code, 'internal');
        assert.doesNotMatch(caught.message, /hunter2/);
        return true;
      });
    }));
};
