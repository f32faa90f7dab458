import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { SimfleetEvent } from '@simfleet/contracts';
import { natsServer, startNats, until, type TestNats } from '@simfleet/testing';
import { european, openScene } from './scene.ts';

const binary = natsServer();
const skip = 'missing' in binary ? binary.missing : false;

interface Told {
  readonly event: SimfleetEvent;
  /** Of the message. */
  readonly traceparent: string;
  readonly tracestate: string;
}

/** What the stream of events holds. */
const stream = async (t: TestContext, { bareUrl, user, password }: TestNats) => {
  const connection = await connect({ servers: bareUrl, user, pass: password });
  t.after(() => connection.close());
  const manager = await jetstreamManager(connection);
  return async (): Promise<readonly Told[]> => {
    const { state } = await manager.streams.info('simfleet-events');
    const sequences = Array.from({ length: state.messages }, (_, index) => state.first_seq + index);
    const messages = sequences.map((seq) => manager.streams.getMessage('simfleet-events', { seq }));
    return (await Promise.all(messages as Promise<StoredMsg>[])).map((message) => ({
      event: message.json<SimfleetEvent>(),
      traceparent: message.header.get('traceparent'),
      tracestate: message.header.get('tracestate'),
    }));
  };
};

const traceId = (digit: string): string => digit.repeat(32);
const parentId = 'b7ad6b7169203331';

describe('the trace of a request', { skip }, () => {
  test('reaches the log, the events that it causes at once and later, and their messages at the broker', async (t) => {
    const nats = await startNats(t, { syncAlways: false });
    const flags = ['--bus', nats.url, '--log-level', 'info'];
    const { client, platform } = await openScene(t, { flags });
    const told = await stream(t, nats);
    const traced = (digit: string, state = {}) => ({ traceparent: `00-${traceId(digit)}-${parentId}-01`, ...state });

    const { id } = await client.create(
      european({ maxPaths: '1000000000000' }),
      traced('a', { tracestate: 'vendor=1' }),
    );
    const ofJob = async (): Promise<readonly Told[]> => (await told()).filter(({ event }) => event.source.endsWith(id));
    const shards = ['dev.simfleet.shard.started.v1'];
    await until(
      'both shards to start',
      async () => (await ofJob()).filter(({ event }) => shards.includes(event.type)).length === 2,
      30_000,
    );
    const cancelling = await client.request('POST', `/v1/jobs/${id}:cancel`, undefined, traced('c'));
    assert.equal(cancelling.status, 200);
    const isCancelled = ({ event }: Told): boolean =>
      event.type === 'dev.simfleet.job.changed.v1' && event.data.stopReason === 'Cancelled';
    await until('the cancellation', async () => (await ofJob()).some(isCancelled), 30_000);

    const messages = await ofJob();
    const expected = /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/;
    for (const { event, traceparent, tracestate } of messages) {
      assert.match(traceparent, expected, event.type);
      assert.notEqual(traceparent.slice(36, 52), parentId, 'a parent id of our own');
      assert.deepEqual([event.traceparent, event.tracestate ?? ''], [traceparent, tracestate]);
    }
    const created = messages[0];
    const started = messages.filter(({ event }) => shards.includes(event.type));
    for (const each of [created, ...started]) {
      assert.equal(each?.traceparent.slice(3, 35), traceId('a'), each?.event.type);
      assert.equal(each?.traceparent.slice(-2), '01');
      assert.equal(each?.tracestate, 'vendor=1');
    }
    assert.equal(messages.find(isCancelled)?.traceparent.slice(3, 35), traceId('c'));

    const lines = (): readonly Record<string, unknown>[] =>
      platform
        .log()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const line = (): Record<string, unknown> | undefined =>
      lines().find(({ route, method }) => route === '/v1/jobs' && method === 'POST');
    await until('the log line', () => line() !== undefined);
    assert.deepEqual([line()?.['traceId'], line()?.['spanId']], [traceId('a'), created?.traceparent.slice(36, 52)]);
  });

  test('begins with the request that brings none, or one that is malformed', async (t) => {
    const nats = await startNats(t, { syncAlways: false });
    const { client } = await openScene(t, { flags: ['--bus', nats.url] });
    const told = await stream(t, nats);
    const suspended = (): ReturnType<typeof european> => european({ maxPaths: '1000', suspend: true });
    const jobs = [await client.create(suspended()), await client.create(suspended(), { traceparent: 'nonsense' })];
    const traces = async (): Promise<readonly string[]> =>
      (await told())
        .filter(({ event }) => jobs.some(({ id }) => event.source.endsWith(id)))
        .map((each) => each.traceparent);
    await until('both events', async () => (await traces()).length === 2);
    for (const traceparent of await traces()) assert.match(traceparent, /^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    assert.equal(new Set((await traces()).map((each) => each.slice(3, 35))).size, 2);
  });
});
