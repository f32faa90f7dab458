import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { TlsFiles } from '@simfleet/runtime';
import type {
  CreateSocketServer,
  Socket,
  SocketLimits,
  SocketServer,
  UpgradeAnswer,
  UpgradeRequest,
} from '../server.ts';

/** How the server under test is set up. */
export interface FixtureOptions {
  readonly limits?: Partial<SocketLimits>;
  readonly tls?: TlsFiles;
}

/** Where it is. */
export interface FixtureAddress {
  readonly url: string;
  /** Of the HTTP server by which a test steers it from the side. */
  readonly control: string;
}

/** What a client says to have something done: one step after the other, in one go. All other messages are sent back. */
export type Step =
  | readonly ['send', string]
  | readonly ['publish', string, string]
  | readonly ['subscribe' | 'unsubscribe', string]
  | readonly ['close', number, string]
  /** `bytes` a message, numbered, until `count` were sent, or this many bytes wait, or it is over budget; then tells how it ended by `told`. */
  | readonly ['flood', { readonly count: number; readonly bytes: number; readonly untilWaiting?: number }]
  | readonly ['who']
  | readonly ['throw'];

export const command = (...steps: readonly Step[]): string => `!${JSON.stringify(steps)}`;

export interface Publishing {
  readonly topic: string;
  readonly count: number;
  readonly bytes: number;
  /** Stops as soon as there are so few. */
  readonly untilSubscribers?: number;
}

export interface FixtureState {
  readonly connections: number;
  /** Upgrades that the handler was asked for. */
  readonly asked: number;
  readonly opened: number;
  /** Upgrades that were accepted and told that nothing opened. */
  readonly abandoned: number;
  readonly closes: readonly {
    readonly id: string;
    readonly code: number;
    readonly reason: string;
    readonly inCall: boolean;
  }[];
  readonly drains: number;
  /** Answers of `send` in floods, the last of each. */
  readonly floods: readonly { readonly sent: number; readonly last: string }[];
  readonly residentBytes: number;
}

/** `7:xxxx`, so many characters long. */
export const numbered = (number: number, bytes: number): string => `${number}:`.padEnd(bytes, 'x');

interface Data {
  readonly request: UpgradeRequest;
}

const answers: Readonly<
  Record<string, (query: URLSearchParams) => UpgradeAnswer<Data> | Promise<UpgradeAnswer<Data>> | null>
> = {
  '/refuse': () => ({
    accept: false,
    status: 401,
    headers: { 'x-why': 'test', 'www-authenticate': 'Bearer' },
    body: 'no entry',
  }),
  '/slow': async (query) => {
    await sleep(Number(query.get('ms')));
    return query.has('refuse') ? { accept: false, status: 403, headers: {}, body: 'late' } : acceptLate;
  },
  '/hang': () => new Promise(() => undefined),
  '/throw': () => {
    throw new Error('planted: the upgrade fails');
  },
  '/reject': () => Promise.reject(new Error('planted: the upgrade fails')),
};

/** Replaced by an answer with the data of the request. */
const acceptLate: UpgradeAnswer<never> = { accept: false, status: 0, headers: {}, body: '' };

const flood = (
  socket: Socket<Data>,
  { count, bytes, untilWaiting = Infinity }: Extract<Step, readonly ['flood', unknown]>[1],
): { readonly sent: number; readonly last: string } => {
  for (let number = 0; number < count; number += 1) {
    const last = socket.send(numbered(number, bytes));
    if (last !== 'sent') return { sent: number, last };
    if (socket.waitingBytes > untilWaiting) return { sent: number + 1, last };
  }
  return { sent: count, last: 'sent' };
};

/** Serves what the contract suite talks with. Steered over HTTP too, for it may run in another process, of another Node. */
export const serveFixture = async (
  create: CreateSocketServer,
  { limits, tls }: FixtureOptions,
): Promise<FixtureAddress & { readonly stop: () => Promise<void> }> => {
  let asked = 0;
  let opened = 0;
  let abandoned = 0;
  let drains = 0;
  let inCall = false;
  const sockets = new Set<Socket<Data>>();
  const closes: FixtureState['closes'][number][] = [];
  const floods: FixtureState['floods'][number][] = [];

  const perform = (socket: Socket<Data>, step: Step): void => {
    if (step[0] === 'send') socket.send(step[1]);
    else if (step[0] === 'publish') server.publish(step[1], step[2]);
    else if (step[0] === 'subscribe') socket.subscribe(step[1]);
    else if (step[0] === 'unsubscribe') socket.unsubscribe(step[1]);
    else if (step[0] === 'close') socket.close(step[1], step[2]);
    else if (step[0] === 'flood') floods.push(flood(socket, step[1]));
    else if (step[0] === 'throw') throw new Error('planted: the handler fails');
    else socket.send(JSON.stringify({ id: socket.id, ...socket.data.request, remoteAddress: socket.remoteAddress }));
  };

  const server: SocketServer = create<Data>({
    ...(limits === undefined ? {} : { limits }),
    ...(tls === undefined ? {} : { tls }),
    handlers: {
      upgrade(request) {
        asked += 1;
        const query = new URLSearchParams(request.query);
        const protocol = query.get('protocol');
        const accept: UpgradeAnswer<Data> = {
          accept: true,
          data: { request },
          abandoned: () => void (abandoned += 1),
          ...(protocol === null ? {} : { protocol }),
        };
        const answer = answers[request.path]?.(query) ?? accept;
        if (!(answer instanceof Promise)) return answer;
        return answer.then((late) => (late === acceptLate ? accept : late));
      },
      open(socket) {
        opened += 1;
        sockets.add(socket);
        if (socket.data.request.path === '/greet') socket.send('welcome');
      },
      message(socket, message) {
        inCall = true;
        try {
          if (typeof message !== 'string' || !message.startsWith('!')) socket.send(message);
          else for (const step of JSON.parse(message.slice(1)) as readonly Step[]) perform(socket, step);
        } finally {
          inCall = false;
        }
      },
      drain() {
        drains += 1;
      },
      close(socket, code, reason) {
        sockets.delete(socket);
        closes.push({ id: socket.id, code, reason, inCall });
      },
    },
  });

  /** Whoever reads shall keep up on a busy machine too: of several sockets one has nothing waiting. */
  const oneHasRead = async (): Promise<void> => {
    do await sleep(1);
    while (sockets.size > 1 && ![...sockets].some(({ waitingBytes }) => waitingBytes === 0));
  };

  const publish = async ({ topic, count, bytes, untilSubscribers = -1 }: Publishing): Promise<number> => {
    for (let number = 0; number < count; number += 1) {
      if (server.publish(topic, numbered(number, bytes)) <= untilSubscribers) return number + 1;
      if (number % 16 === 15) await oneHasRead();
      else await turn();
    }
    return count;
  };

  const control = createServer((request, response) => void answerControl(request, response));
  const answerControl = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const state = (): FixtureState => ({
      connections: server.connections,
      asked,
      opened,
      abandoned,
      closes,
      drains,
      floods,
      residentBytes: process.memoryUsage.rss(),
    });
    if (request.url === '/publish') {
      const published = await publish(JSON.parse(Buffer.concat(pieces).toString()) as Publishing);
      response.end(JSON.stringify({ published, ...state() }));
    } else {
      if (request.url === '/stop') await server.stop();
      response.end(JSON.stringify(state()));
    }
  };

  const { url } = await server.start({ host: '127.0.0.1', port: 0 });
  control.listen(0, '127.0.0.1');
  await once(control, 'listening');
  return {
    url,
    control: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    stop: async () => {
      await server.stop();
      control.close();
      control.closeAllConnections();
    },
  };
};
