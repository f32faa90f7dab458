import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket as NetSocket } from 'node:net';
import { until } from '@simfleet/testing';
import { closePayload, encodeFrame, FrameReader, opcodes, type ClientFrame } from './client-frames.ts';

export interface ClientOptions {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  /** Default true. */
  readonly answersPings?: boolean;
  /** Default true. */
  readonly answersClose?: boolean;
  /** PEM of the authority for `wss:`. */
  readonly ca?: string;
}

/** How a connection ended, as its client saw it: 1006 when there was no closing handshake. */
export interface ClientEnd {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket client that can do what no library lets one do. */
export interface TestClient {
  readonly protocol: string;
  /** As they were answered. */
  readonly extensions: string;
  readonly received: readonly (string | Buffer)[];
  readonly pongs: readonly string[];
  readonly pings: () => number;
  readonly end: Promise<ClientEnd>;
  send(message: string | Uint8Array): void;
  frame(...frames: readonly ClientFrame[]): void;
  /** Waits for so many messages in all; answers them. */
  messages(count: number): Promise<readonly (string | Buffer)[]>;
  /** Sends and answers the message that comes next. */
  ask(message: string | Uint8Array): Promise<string | Buffer>;
  close(code?: number, reason?: string): void;
  /** Reads no more; what the server sends fills the buffers of the kernel. */
  pause(): void;
  resume(): void;
  /** As `kill -9` does: a reset. */
  kill(): void;
}

/** What a server answered instead of a handshake. */
export interface Refused {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const handshakeHeaders = (key: string, { headers, protocols }: ClientOptions): Record<string, string> => ({
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': key,
  ...(protocols === undefined ? {} : { 'sec-websocket-protocol': protocols.join(', ') }),
  ...headers,
});

interface Upgraded {
  readonly response: IncomingMessage;
  readonly stream: NetSocket;
  readonly head: Buffer;
}

const readBody = async (response: IncomingMessage): Promise<Refused> => {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces).toString() };
};

/** Asks for an upgrade; answers the open connection or what was answered instead. */
const upgrade = (url: string, options: ClientOptions, key: string): Promise<Upgraded | Refused> =>
  new Promise((resolve, reject) => {
    const target = url.replace(/^ws/, 'http') + (options.path ?? '/');
    const request = target.startsWith('https:') ? httpsRequest : httpRequest;
    const sent = request(target, {
      headers: handshakeHeaders(key, options),
      agent: false,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
    sent.on('upgrade', (response, stream, head) => resolve({ response, stream, head }));
    sent.on('response', (response) => void readBody(response).then(resolve, reject));
    sent.on('error', reject);
    sent.end();
  });

/** The answer to an upgrade that is refused. Throws when it is accepted. */
export const refusedUpgrade = async (url: string, options: ClientOptions = {}): Promise<Refused> => {
  const answer = await upgrade(url, options, randomBytes(16).toString('base64'));
  if ('status' in answer) return answer;
  answer.stream.destroy();
  throw new Error('the upgrade was accepted');
};

/** Opens a connection. Throws when the server refuses it. */
export const connectClient = async (url: string, options: ClientOptions = {}): Promise<TestClient> => {
  const key = randomBytes(16).toString('base64');
  const answer = await upgrade(url, options, key);
  if ('status' in answer) throw new Error(`refused with ${answer.status}: ${answer.body}`);
  const { response, stream, head } = answer;
  const expected = createHash('sha1')
    .update(key + guid)
    .digest('base64');
  if (response.headers['sec-websocket-accept'] !== expected) throw new Error('Sec-WebSocket-Accept is wrong');
  return talk(stream, head, response.headers, options);
};

const talk = (
  stream: NetSocket,
  head: Buffer,
  answered: IncomingMessage['headers'],
  options: ClientOptions,
): TestClient => {
  const received: (string | Buffer)[] = [];
  const pongs: string[] = [];
  const reader = new FrameReader();
  let pings = 0;
  let end: ClientEnd = { code: 1006, reason: '' };
  let parts: Buffer[] = [];
  let kind: number = opcodes.text;
  const frame = (...frames: readonly ClientFrame[]): void => void stream.write(Buffer.concat(frames.map(encodeFrame)));

  const on: Readonly<Record<number, (payload: Buffer) => void>> = {
    [opcodes.ping](payload) {
      pings += 1;
      if (options.answersPings ?? true) frame({ opcode: opcodes.pong, payload });
    },
    [opcodes.pong]: (payload) => void pongs.push(payload.toString()),
    [opcodes.close](payload) {
      end =
        payload.length < 2
          ? { code: 1005, reason: '' }
          : { code: payload.readUInt16BE(), reason: payload.toString('utf8', 2) };
      if (!(options.answersClose ?? true)) return;
      frame({ opcode: opcodes.close, payload });
      stream.end();
    },
  };
  const read = (piece: Buffer): void => {
    for (const { opcode, fin, payload } of reader.read(piece)) {
      const control = on[opcode];
      if (control !== undefined) {
        control(payload);
        continue;
      }
      if (opcode !== opcodes.continuation) kind = opcode;
      parts.push(payload);
      if (!fin) continue;
      const whole = Buffer.concat(parts);
      parts = [];
      received.push(kind === opcodes.text ? whole.toString() : whole);
    }
  };
  const ended = new Promise<ClientEnd>((resolve) => stream.on('close', () => resolve(end)));
  // How it ended is told by `end`; a reset is one way.
  stream.on('error', () => undefined);
  stream.on('data', read);
  stream.on('end', () => stream.end());
  if (head.length > 0) read(head);

  const client: TestClient = {
    protocol: answered['sec-websocket-protocol'] ?? '',
    extensions: answered['sec-websocket-extensions'] ?? '',
    received,
    pongs,
    pings: () => pings,
    end: ended,
    send: (message) =>
      frame(
        typeof message === 'string'
          ? { opcode: opcodes.text, payload: Buffer.from(message) }
          : { opcode: opcodes.binary, payload: message },
      ),
    frame,
    messages: async (count) => {
      await until(`${count} messages (there are ${received.length})`, () => received.length >= count, 30_000);
      return received.slice(0, count);
    },
    ask: async (message) => {
      const count = received.length + 1;
      client.send(message);
      return (await client.messages(count))[count - 1] ?? '';
    },
    close: (code, reason) =>
      frame({ opcode: opcodes.close, ...(code === undefined ? {} : { payload: closePayload(code, reason) }) }),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    kill: () => stream.resetAndDestroy(),
  };
  return client;
};
