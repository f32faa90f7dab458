import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectClient } from './client.ts';
import { opcodes } from './client-frames.ts';
import { command, numbered } from './fixture.ts';
import { serve, type SocketSuite } from './suite.ts';

/** Messages there and back, to one and to many. */
export const testTalk = (suite: SocketSuite): void => {
  test('text comes back as text, bytes as bytes, of any length', async (t) => {
    const { url } = await serve(suite, t, { limits: { messageBytes: 2 ** 20 } });
    const client = await connectClient(url);
    for (const text of [
      '',
      'a',
      'Grüße, 世界 🎲',
      'x'.repeat(125),
      'x'.repeat(126),
      'x'.repeat(65_535),
      'y'.repeat(65_536),
      'z'.repeat(2 ** 20),
    ])
      assert.equal(await client.ask(text), text);
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 2 ** 20]) {
      const bytes = Buffer.alloc(length, 7);
      assert.deepEqual(await client.ask(bytes), bytes);
    }
  });

  test('a message in fragments is one message, with a ping between them answered at once', async (t) => {
    const { url } = await serve(suite, t);
    const client = await connectClient(url);
    client.frame(
      { opcode: opcodes.text, payload: Buffer.from('one '), fin: false },
      { opcode: opcodes.ping, payload: Buffer.from('between') },
      { opcode: opcodes.continuation, payload: Buffer.from('message') },
    );
    assert.deepEqual(await client.messages(1), ['one message']);
    assert.deepEqual(client.pongs, ['between']);
  });

  test('what is sent and published to one socket arrives in the order of the calls, over several topics', async (t) => {
    const { url } = await serve(suite, t);
    const client = await connectClient(url);
    client.send(
      command(
        ['subscribe', 'a'],
        ['subscribe', 'b'],
        ['send', '1'],
        ['publish', 'a', '2'],
        ['send', '3'],
        ['publish', 'a', '4'],
        ['publish', 'b', '5'],
        ['publish', 'a', '6'],
        ['send', '7'],
        ['publish', 'b', '8'],
        ['publish', 'b', '9'],
      ),
    );
    assert.deepEqual(await client.messages(9), ['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  test('a subscriber gets what is published while it is one, to the message, also within one turn', async (t) => {
    const { url } = await serve(suite, t);
    const [client, other] = await Promise.all([connectClient(url), connectClient(url)]);
    await other.ask(command(['subscribe', 't'], ['send', 'in']));
    client.send(
      command(
        ['publish', 't', 'before'],
        ['subscribe', 't'],
        ['publish', 't', 'one'],
        ['unsubscribe', 't'],
        ['publish', 't', 'between'],
        ['subscribe', 't'],
        ['subscribe', 't'],
        ['publish', 't', 'two'],
        ['close', 4000, 'enough'],
        ['publish', 't', 'after'],
      ),
    );
    assert.deepEqual(await client.end, { code: 4000, reason: 'enough' });
    assert.deepEqual(client.received, ['one', 'two']);
    assert.deepEqual(await other.messages(6), ['in', 'before', 'one', 'between', 'two', 'after']);
  });

  test('publishing reaches all subscribers of the topic and nobody else, and says how many', async (t) => {
    const served = await serve(suite, t);
    const clients = await Promise.all(Array.from({ length: 200 }, () => connectClient(served.url)));
    const [outsider, ...subscribers] = clients;
    assert.ok(outsider);
    for (const client of subscribers) client.send(command(['subscribe', 'room'], ['send', 'in']));
    await Promise.all(subscribers.map((client) => client.messages(1)));
    const { published } = await served.publish({ topic: 'room', count: 50, bytes: 128 });
    assert.equal(published, 50);
    const expected = ['in', ...Array.from({ length: 50 }, (_, number) => numbered(number, 128))];
    for (const client of subscribers) assert.deepEqual(await client.messages(51), expected);
    assert.equal(await outsider.ask('anything?'), 'anything?');
    assert.equal(outsider.received.length, 1);
    // Nobody is left there: the first message finds no subscriber.
    for (const client of subscribers) client.kill();
    await served.reach('the end of all subscribers', ({ connections }) => connections === 1);
    const empty = await served.publish({ topic: 'room', count: 10, bytes: 8, untilSubscribers: 0 });
    assert.equal(empty.published, 1);
  });

  test('large messages are published whole', async (t) => {
    const served = await serve(suite, t, { limits: { budgetBytes: 2 ** 24 } });
    const clients = await Promise.all(Array.from({ length: 3 }, () => connectClient(served.url)));
    for (const client of clients) await client.ask(command(['subscribe', 'big'], ['send', 'in']));
    await served.publish({ topic: 'big', count: 5, bytes: 300_000 });
    for (const client of clients)
      assert.deepEqual(
        (await client.messages(6)).slice(1),
        Array.from({ length: 5 }, (_, number) => numbered(number, 300_000)),
      );
  });

  test('a handler that throws closes its socket with 1011 and no other', async (t) => {
    const { url } = await serve(suite, t);
    const [faulty, fine] = await Promise.all([connectClient(url), connectClient(url)]);
    faulty.send(command(['send', 'last'], ['throw']));
    assert.deepEqual(await faulty.end, { code: 1011, reason: 'internal' });
    assert.deepEqual(faulty.received, ['last']);
    assert.equal(await fine.ask('still?'), 'still?');
  });
};
