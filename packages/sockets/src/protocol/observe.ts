import { Counter } from '@simfleet/runtime';
import type { Metrics } from '@simfleet/runtime';

export interface ProtocolObserver {
  /** `outcome`: `ok`, or the code of the problem. */
  answered(verb: string, outcome: string): void;
}

/** What clients ask for. Connections and their ends are counted by the server of sockets. */
export const observeProtocol = (metrics: Metrics): ProtocolObserver => {
  const messages = new Counter({
    name: 'simfleet_sockets_requests_total',
    help: 'Messages of clients over WebSockets, by verb and outcome: ok, or the code of the problem.',
    labelNames: ['verb', 'outcome'],
    registers: [metrics],
  });
  return { answered: (verb, outcome) => messages.inc({ verb, outcome }) };
};
