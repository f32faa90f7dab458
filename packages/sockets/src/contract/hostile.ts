import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closePayload, opcodes, type ClientFrame } from './client-frames.ts';
import { connectClient } from './client.ts';
import { serve, type SocketSuite } from './suite.ts';

const messageBytes = 1_000;
const text = (payload: string): ClientFrame => ({ opcode: opcodes.text, payload: Buffer.from(payload) });

/** What no client may send, and the code that says so. */
const violations: Readonly<Record<string, readonly [code: number, ...frames: ClientFrame[]]>> = {
  'a message over the limit': [1009, text('x'.repeat(messageBytes + 1))],
  'a message over the limit in fragments': [
    1009,
    { ...text('x'.repeat(600)), fin: false },
    { opcode: opcodes.continuation, payload: Buffer.alloc(600) },
  ],
  'text that is not UTF-8': [1007, { opcode: opcodes.text, payload: Buffer.from([0xc3, 0x28]) }],
  'an UTF-8 surrogate': [1007, { opcode: opcodes.text, payload: Buffer.from([0xed, 0xa0, 0x80]) }],
  'a reserved bit': [1002, { ...text('x'), reserved: 0x40 }],
  'another reserved bit': [1002, { ...text('x'), reserved: 0x20 }],
  'an unknown opcode': [1002, { opcode: 3, payload: Buffer.from('x') }],
  'an unknown control opcode': [1002, { opcode: 11 }],
  'a ping over 125 bytes': [1002, { opcode: opcodes.ping, payload: Buffer.alloc(126) }],
  'a ping in fragments': [1002, { opcode: opcodes.ping, fin: false }],
  'a continuation of nothing': [1002, { opcode: opcodes.continuation, payload: Buffer.from('x') }],
  'a message within a message': [1002, { ...text('x'), fin: false }, text('y')],
};

export const testHostile = (suite: SocketSuite): void => {
  const { explainsViolations, refusesUnmasked } = suite.traits;

  test(`who breaks the protocol is ${explainsViolations ? 'told why' : 'cut off'}, and nobody else notices`, async (t) => {
    const served = await serve(suite, t, { limits: { messageBytes } });
    const bystander = await connectClient(served.url);
    let ends = 0;
    for (const [what, [code, ...frames]] of Object.entries(violations)) {
      const client = await connectClient(served.url);
      client.frame(...frames);
      assert.equal((await client.end).code, explainsViolations ? code : 1006, what);
      ends += 1;
      const { closes } = await served.reach(`the end after ${what}`, (state) => state.closes.length === ends);
      const heard = closes.at(-1)?.code ?? 0;
      assert.ok(heard === code || (!explainsViolations && heard === 1006), `${what}: heard as ${heard}`);
      assert.equal(await bystander.ask(what), what);
    }
  });

  test('a close frame that is malformed ends the connection', async (t) => {
    const served = await serve(suite, t);
    for (const payload of [
      closePayload(1005),
      closePayload(999),
      Buffer.from([3]),
      Buffer.concat([closePayload(1000), Buffer.from([0xc3, 0x28])]),
    ]) {
      const client = await connectClient(served.url);
      client.frame({ opcode: opcodes.close, payload });
      await client.end;
    }
    await served.reach('the end of all', (state) => state.connections === 0 && state.closes.length === 4);
  });

  test(`a frame without a mask ${refusesUnmasked ? 'ends the connection' : 'is nobody else’s trouble'}`, async (t) => {
    const served = await serve(suite, t);
    const [hostile, bystander] = await Promise.all([connectClient(served.url), connectClient(served.url)]);
    hostile.frame({ ...text('hello, without a mask'), masked: false });
    if (refusesUnmasked) {
      assert.equal((await hostile.end).code, 1002);
      const { closes } = await served.reach('its end', (state) => state.closes.length === 1);
      assert.equal(closes[0]?.code, 1002);
    }
    assert.equal(await bystander.ask('fine'), 'fine');
  });

  test('frames that arrive byte by byte are frames', async (t) => {
    const { url } = await serve(suite, t);
    const client = await connectClient(url);
    client.frame({ ...text('slo'), fin: false });
    client.frame({ opcode: opcodes.continuation, payload: Buffer.from('wly') });
    assert.deepEqual(await client.messages(1), ['slowly']);
  });
};
