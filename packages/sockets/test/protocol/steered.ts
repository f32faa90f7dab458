import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { SimfleetError, socketPath } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import { createLogger, createMetrics, systemClock } from '@simfleet/runtime';
// The watch itself, as the platform gives it. By its file: nothing more of that package is for here, and the Node of uWebSockets.js need not load it.
import { openTokenWatch } from '../../../http/src/access/token-watch.ts';
import { serveProtocol } from '../../src/protocol/serve.ts';
import type { SocketAccess, SocketAdmission } from '../../src/protocol/options.ts';
import type { SocketVerb } from '../../src/protocol/verb.ts';
import type { CreateSocketServer } from '../../src/server.ts';
import { describeProblem } from './describe-problem.ts';

export interface SteeredOptions {
  readonly recheckMs?: number;
  /** Whose tokens there are. */
  readonly tokens: Readonly<Record<string, Principal>>;
  /** Connections at a time; any number unless given. */
  readonly most?: { readonly perAddress?: number; readonly perUser?: number };
}

/** What the test changes while connections are open. */
export interface Steering {
  readonly tokens?: Readonly<Record<string, Principal>>;
  /** The store of tokens does not answer. */
  readonly away?: boolean;
}

export interface SteeredAddress {
  readonly url: string;
  /** Of the HTTP server that takes a `Steering`, and answers the state. */
  readonly control: string;
}

export interface SteeredState {
  readonly connections: number;
  /** Times that the store of tokens was asked. */
  readonly asked: number;
  /** Places that connections hold, by address and by user. */
  readonly held: Readonly<Record<string, number>>;
}

/** Places that are taken and given back, as a policy of concurrency counts them. */
const openPlaces = ({ perAddress = Infinity, perUser = Infinity }: NonNullable<SteeredOptions['most']>) => {
  const held: Record<string, number> = {};
  const take = (key: string, most: number): (() => void) => {
    const now = held[key] ?? 0;
    if (now >= most) throw new SimfleetError('quota-exceeded', `${most} at a time`);
    held[key] = now + 1;
    return () => void (held[key] = (held[key] ?? 0) - 1);
  };
  const admission: SocketAdmission = {
    admitUpgrade({ remoteAddress }) {
      const back = [take(remoteAddress, perAddress)];
      let isOver = false;
      const end = (): void => {
        isOver = true;
        back.splice(0).forEach((give) => give());
      };
      return {
        // As a store that is elsewhere answers.
        async admitCaller({ principal }) {
          await turn();
          back.push(take(principal.id, perUser));
          if (isOver) end();
        },
        end,
      };
    },
    admitMessage: () => ({ allowed: true }),
  };
  return { held, admission };
};

/** Speaks the protocol in this process or in another one, of another Node; steered over HTTP. */
export const serveSteered = async (
  create: CreateSocketServer,
  options: SteeredOptions,
): Promise<SteeredAddress & { readonly stop: () => Promise<void> }> => {
  let { tokens } = options;
  let away = false;
  let asked = 0;
  const places = openPlaces(options.most ?? {});
  const who: SocketVerb = {
    ...{ name: 'who', operation: 'who', action: 'who.ask' },
    handle: async ({ peer }) => ({ ok: { principal: peer.principal } }),
  };
  const authenticate: SocketAccess['authenticate'] = async (token) => {
    asked += 1;
    if (away) throw new SimfleetError('unavailable', 'planted: the store of tokens is away');
    return tokens[token ?? ''] ?? null;
  };
  const logger = createLogger({ level: 'silent', destination: { write: () => undefined } });
  const surroundings = { clock: systemClock, logger };
  const handlers = serveProtocol({
    access: {
      tokenOf: (authorization) => /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? null,
      authenticate,
      permits: () => true,
      ...openTokenWatch({ authorizer: { authenticate }, ...surroundings }, options.recheckMs),
    },
    ...{ admission: places.admission, verbs: [who], describeProblem, metrics: createMetrics() },
    ...surroundings,
  });
  const server = create({ handlers });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const steering = JSON.parse(Buffer.concat(pieces).toString()) as Steering;
    tokens = steering.tokens ?? tokens;
    away = steering.away ?? away;
    response.end(JSON.stringify({ connections: server.connections, asked, held: places.held } satisfies SteeredState));
  };
  const control = createServer((request, response) => void answer(request, response));
  const { url } = await server.start({ host: '127.0.0.1', port: 0 });
  control.listen(0, '127.0.0.1');
  await once(control, 'listening');
  return {
    url: `${url}${socketPath}`,
    control: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    async stop() {
      await server.stop();
      control.close();
      control.closeAllConnections();
    },
  };
};
