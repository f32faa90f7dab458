import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { test } from 'node:test';
import { Connections } from '../src/connections.ts';
import { withPostgres } from './server.ts';

/** What a server says to a session that it ends. */
const fatal = ((): Buffer => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

/** Between a client and the server at `port`; while `ending`, a session ends in the same moment as the answer to its first statement. */
const passing = async (port: number, ending: () => boolean): Promise<Server> => {
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    let asked = false;
    client.on('data', (data) => {
      asked ||= data[0] === 'Q'.charCodeAt(0);
      server.write(data);
    });
    server.on('data', (data) => {
      if (asked && ending()) client.end(Buffer.concat([data, fatal]));
      else client.write(data);
    });
    for (const [one, other] of [[client, server] as const, [server, client] as const]) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
};

withPostgres((server) => {
  test('a connection that ends as soon as it is ready takes no room', async (t) => {
    let ending = true;
    const proxy = await passing(server().port, () => ending);
    t.after(() => proxy.close());
    const url = new URL(server().url);
    url.port = String((proxy.address() as AddressInfo).port);
    const limits = { connectMs: 1000, statementMs: 1500 };
    const connections = new Connections({ connectionString: url.href }, 2, limits, 'SET jit = off');
    const ask = () => connections.run({ text: 'SELECT 1' });
    for (let round = 0; round < 4; round += 1) await assert.rejects(ask(), { code: 'unavailable' });
    ending = false;
    await Promise.all([ask(), ask(), ask()]);
    await connections.close();
  });

  test('where the server gives fewer connections than wanted, calls share those that are there', async () => {
    await server().sql(`CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 2`);
    const url = new URL(server().url);
    [url.username, url.password] = ['few', 'few'];
    const limits = { connectMs: 5000, statementMs: 5000 };
    const connections = new Connections({ connectionString: url.href }, 8, limits, '');
    const ask = () => connections.run({ text: 'SELECT pg_sleep(0.05)' });
    await Promise.all(Array.from({ length: 16 }, ask));
    await connections.close();
  });

  test('more callers than connections are served in turn, a failing statement among them harms no other', async () => {
    const connections = new Connections(
      { connectionString: server().url },
      3,
      { connectMs: 5000, statementMs: 5000 },
      '',
    );
    const asked = Array.from({ length: 300 }, (_, index) =>
      connections
        .run({ text: index % 7 === 0 ? 'SELECT 1/(1 - 1)' : 'SELECT $1::int4 AS n' }, index % 7 === 0 ? [] : [index])
        .then(
          ({ rows }) => rows[0]?.['n'],
          () => 'refused',
        ),
    );
    const expected = asked.map((_, index) => (index % 7 === 0 ? 'refused' : index));
    assert.deepEqual(await Promise.all(asked), expected);
    const others = `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'simfleet'`;
    assert.equal(await server().sql(others), '3');
    await connections.close();
  });
});
