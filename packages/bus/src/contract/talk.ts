import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import { Inbox, refused, withBus, type Ends } from './suite.ts';

const token = { jobId: 'a', sha256: 'ab'.repeat(32) };

export const testTalk = (ends: Ends): void => {
  test('a broadcast reaches everyone who listens to its subject now', () =>
    withBus(ends, async (bus, other) => {
      const [one, two, third] = [new Inbox<unknown>(), new Inbox<unknown>(), new Inbox<unknown>()];
      await other.listen('news', (message) => void one.put(message));
      const end = await other.listen('news', (message) => void two.put(message));
      await other.listen('weather', (message) => void third.put(message));
      bus.broadcast('nobody', 1);
      bus.broadcast('news', { stream: 's', last: 3 });
      assert.deepEqual(await one.until(1), [{ stream: 's', last: 3 }]);
      assert.deepEqual(await two.until(1), [{ stream: 's', last: 3 }]);
      await end();
      await end();
      bus.broadcast('news', 'more');
      bus.broadcast('weather', 'fair');
      await one.until(2);
      assert.deepEqual(await third.until(1), ['fair']);
      assert.equal(two.got.length, 1);
    }));

  test('a listener that throws harms neither the others nor the sender', () =>
    withBus(ends, async (bus, other) => {
      const inbox = new Inbox<unknown>();
      await other.listen('news', () => {
        throw new Error('Not listening');
      });
      await other.listen('news', (message) => void inbox.put(message));
      bus.broadcast('news', 1);
      assert.deepEqual(await inbox.until(1), [1]);
    }));

  test('a request is answered by one of those who answer its subject', () =>
    withBus(ends, async (bus, other) => {
      const bodies: unknown[] = [];
      for (let answering = 0; answering < 2; answering += 1) {
        await other.answer('jobs.register-token', async (body) => {
          bodies.push(body);
          return { accepted: true };
        });
      }
      assert.deepEqual(await bus.request('jobs.register-token', token), { accepted: true });
      assert.deepEqual(bodies, [token]);
    }));

  test('who answers does so within the trace of who asks, if there is one', () =>
    withBus(ends, async (bus, other, tracing) => {
      const seen: unknown[] = [];
      await other.answer('jobs.register-token', async () => {
        await Promise.resolve();
        seen.push(tracing.current());
        return { accepted: true };
      });
      const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'vendor=1' };
      await tracing.within(trace, () => bus.request('jobs.register-token', token));
      await bus.request('jobs.register-token', token);
      assert.deepEqual(seen, [trace, undefined]);
    }));

  test('a request that nobody answers, or not in time, is `unavailable`', () =>
    withBus(ends, async (bus, other) => {
      await refused('unavailable', bus.request('jobs.register-token', token, { timeoutMs: 50 }));
      const end = await other.answer('jobs.register-token', () => new Promise(() => undefined));
      await refused('unavailable', bus.request('jobs.register-token', token, { timeoutMs: 20 }));
      void end();
      await refused('unavailable', bus.request('jobs.register-token', token, { timeoutMs: 50 }));
    }));

  test('a request that does not fit its schema is refused by name and reaches nobody', () =>
    withBus(ends, async (bus, other) => {
      let asked = 0;
      await other.answer('jobs.register-token', async () => ({ accepted: (asked += 1) > 0 }));
      for (const sha256 of ['short', undefined as never, 7 as never]) {
        const asking = bus.request('jobs.register-token', { jobId: 'a', sha256 });
        await assert.rejects(asking, { code: 'invalid-request', message: /\/sha256/ });
      }
      assert.equal(asked, 0);
    }));

  test('a reply that does not fit its schema is an `internal` error of who answers', () =>
    withBus(ends, async (bus, other) => {
      await other.answer('jobs.register-token', async () => ({ accepted: 'yes' as unknown as boolean }));
      await refused('internal', bus.request('jobs.register-token', token));
    }));

  test('errors of ours come back by their code, others as `internal` without their inside', () =>
    withBus(ends, async (bus, other) => {
      let error: Error = new SimfleetError('job-over', 'It is over.');
      await other.answer('jobs.register-token', () => Promise.reject(error));
      await refused('job-over', bus.request('jobs.register-token', token));
      error = new Error('password=hunter2');
      await assert.rejects(bus.request('jobs.register-token', token), (caught: Error & { code?: unknown }) => {
        assert.equal(caught.code, 'internal');
        assert.doesNotMatch(caught.message, /hunter2/);
        return true;
      });
    }));

  test('an error of ours keeps its detail and its mistakes', () =>
    withBus(ends, async (bus, other) => {
      const mistakes = [{ pointer: '/jobId', detail: 'Unknown' }];
      await other.answer('jobs.register-token', () =>
        Promise.reject(new SimfleetError('not-found', 'No such job.', { mistakes })),
      );
      await assert.rejects(bus.request('jobs.register-token', token), {
        code: 'not-found',
        detail: 'No such job.',
        mistakes,
      });
    }));

  test('a request to a name reaches who answers as it and nobody else', () =>
    withBus(ends, async (bus, other) => {
      const asked: string[] = [];
      for (const as of [undefined, 'replica one', 'replica.two>']) {
        const handler = async (): Promise<{ accepted: boolean }> => {
          asked.push(as ?? 'anyone');
          return { accepted: true };
        };
        await other.answer('jobs.register-token', handler, as === undefined ? {} : { as });
      }
      await bus.request('jobs.register-token', token, { to: 'replica.two>' });
      await bus.request('jobs.register-token', token, { to: 'replica one' });
      await bus.request('jobs.register-token', token);
      assert.deepEqual(asked, ['replica.two>', 'replica one', 'anyone']);
      await refused('unavailable', bus.request('jobs.register-token', token, { to: 'replica', timeoutMs: 50 }));
    }));
};
