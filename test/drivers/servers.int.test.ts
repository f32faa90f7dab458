import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimfleetEvent } from '@simfleet/contracts';
import type { Storage } from '@simfleet/storage';
import {
  mongoMissing,
  natsServer,
  postgresMissing,
  startMongo,
  startNats,
  startPostgres,
  temporaryDirectory,
  until,
} from '@simfleet/testing';
import { openBus, openStorage } from '@simfleet/wiring';

const things = { name: 'things', fields: {}, sorts: [] } as const;

/** A document written through one opening is there through another: both have the server, and the same place in it. */
const sharesWithItself = async (open: () => Promise<Storage>, description: RegExp): Promise<void> => {
  const [one, two] = [await open(), await open()];
  try {
    assert.match(one.description, description);
    assert.equal(one.shared, true);
    await (await one.collection(things)).insert('a', { customer: 'acme' });
    assert.equal((await (await two.collection(things)).get('a'))?.version, 1);
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
};

test('postgres:// and postgresql:// open a real PostgreSQL', { skip: postgresMissing() ?? false }, async (t) => {
  const server = await startPostgres();
  t.after(() => server.stop());
  const { path: dataDirectory } = temporaryDirectory(t);
  const url = await server.createDatabase();
  let openings = 0;
  const schemes = ['postgres:', 'postgresql:'];
  const open = (): Promise<Storage> =>
    openStorage({ url: url.replace(/^postgres(ql)?:/, schemes[openings++ % 2] ?? ''), dataDirectory });
  await sharesWithItself(open, /^postgres/i);
});

test('mongodb:// opens a MongoDB', { skip: mongoMissing() }, async (t) => {
  const server = await startMongo();
  t.after(() => server.stop());
  t.diagnostic(`server: ${server.kind}`);
  const { path: dataDirectory } = temporaryDirectory(t);
  const url = server.databaseUrl();
  await sharesWithItself(() => openStorage({ url, dataDirectory }), /^mongodb/i);
});

const binary = natsServer();
const event: SimfleetEvent = {
  specversion: '1.0',
  id: 'a1',
  source: '/jobs/a',
  sourceversion: 1,
  type: 'dev.simfleet.shard.started.v1',
  time: '2026-01-02T03:04:05.678Z',
  customer: 'acme',
  datacontenttype: 'application/json',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data: { jobId: 'a', customer: 'acme', generation: 1, shard: 0, attempt: 1 },
};

test(
  'nats:// opens a real NATS with all that stands in the URL, and what was said besides',
  { skip: 'missing' in binary ? binary.missing : false },
  async (t) => {
    const server = await startNats(t, { syncAlways: false });
    const within: (string | undefined)[] = [];
    const tracing = {
      current: () => undefined,
      within<Result>(context: { readonly traceparent: string } | undefined, run: () => Result): Result {
        within.push(context?.traceparent);
        return run();
      },
    };
    const nats = { monitorUrl: server.monitorUrl };
    const [one, two] = [await openBus({ url: server.url, tracing, nats }), await openBus({ url: server.url, tracing })];
    t.after(() => Promise.all([one.close(), two.close()]));
    assert.match(one.description, /^nats 2\..*synced every/);
    assert.equal(one.shared, true);
    const handled: string[] = [];
    await two.consume({ name: 'all', types: [event.type], handle: async ({ id }) => void handled.push(id) });
    await one.publish(event);
    await until('the event', () => handled.length === 1);
    assert.deepEqual([handled, within], [['a1'], [event.traceparent]]);
    await assert.rejects(openBus({ url: server.bareUrl }), { code: 'unavailable' });
    // The same server does not speak TLS: this scheme must not go on in the clear.
    await assert.rejects(openBus({ url: server.url.replace('nats:', 'tls:') }), { code: 'unavailable' });
  },
);
