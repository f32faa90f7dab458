import { socketCloses } from '@simfleet/contracts';
import { Counter, Gauge } from '@simfleet/runtime';
import type { Metrics } from '@simfleet/runtime';

export interface SocketObserver {
  opened(): void;
  closed(code: number): void;
  /** `outcome`: `ok`, or the code of the problem. */
  answered(verb: string, outcome: string): void;
}

/** Codes that clients and drivers close with every day; others are counted together, since a client may send any. */
const everyday = new Set([1000, 1001, 1005, 1006, 1009, ...Object.values(socketCloses).map(({ code }) => code)]);

export const observeSockets = (metrics: Metrics): SocketObserver => {
  const registers = [metrics];
  const open = new Gauge({ name: 'simfleet_socket_connections', help: 'WebSockets that are open.', registers });
  const closes = new Counter({
    name: 'simfleet_socket_closes_total',
    help: 'WebSockets that were closed, by code (RFC 6455; 4008: the client read too slowly).',
    labelNames: ['code'],
    registers,
  });
  const messages = new Counter({
    name: 'simfleet_socket_messages_total',
    help: 'Messages of clients, by verb and outcome: ok, or the code of the problem.',
    labelNames: ['verb', 'outcome'],
    registers,
  });
  return {
    opened: () => open.inc(),
    closed(code) {
      open.dec();
      closes.inc({ code: everyday.has(code) ? String(code) : 'other' });
    },
    answered: (verb, outcome) => messages.inc({ verb, outcome }),
  };
};
