import { Counter, Gauge, type Metrics } from '@simfleet/runtime';
import { closeCodes } from './close-codes.ts';

/** Plain numbers that a driver counts up, for they change with every message. */
export class SocketCounts {
  connections = 0;
  messagesReceived = 0;
  messagesSent = 0;
  bytesReceived = 0;
  /** Payloads and their frames. */
  bytesSent = 0;
  refused = 0;
  readonly #closed = new Map<string, number>();

  closed(code: number, byServer: boolean): void {
    const reason = closeReason(code, byServer);
    this.#closed.set(reason, (this.#closed.get(reason) ?? 0) + 1);
  }

  get closedByReason(): Iterable<readonly [reason: string, times: number]> {
    return this.#closed;
  }
}

const ours = new Map<number, string>(Object.values(closeCodes).map(({ code, reason }) => [code, reason || 'normal']));

const violations: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

/** Few words whatever clients send: a label of a metric. */
const closeReason = (code: number, byServer: boolean): string => {
  if (code === 1006) return 'broken';
  if (!byServer) return 'client';
  if (violations.has(code)) return 'violation';
  return ours.get(code) ?? 'other';
};

/** Shows the counts of the one socket server of a process, read when metrics are asked for. */
export const exposeCounts = (counts: SocketCounts, registry: Metrics): void => {
  const registers = [registry];
  new Gauge({
    name: 'simfleet_sockets_connections',
    help: 'WebSockets open now',
    registers,
    collect() {
      this.set(counts.connections);
    },
  });
  new Counter({
    name: 'simfleet_sockets_refused_total',
    help: 'Upgrades answered by an HTTP error',
    registers,
    collect() {
      this.reset();
      this.inc(counts.refused);
    },
  });
  new Counter({
    name: 'simfleet_sockets_closed_total',
    help: 'WebSockets that ended, by reason',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, times] of counts.closedByReason) this.inc({ reason }, times);
    },
  });
  exposeTraffic('messages', 'Messages', () => [counts.messagesReceived, counts.messagesSent], registers);
  exposeTraffic('bytes', 'Bytes of messages', () => [counts.bytesReceived, counts.bytesSent], registers);
};

const exposeTraffic = (
  unit: string,
  help: string,
  read: () => readonly [received: number, sent: number],
  registers: Metrics[],
): void => {
  new Counter({
    name: `simfleet_sockets_${unit}_total`,
    help: `${help} that WebSockets carried`,
    labelNames: ['direction'],
    registers,
    collect() {
      const [received, sent] = read();
      this.reset();
      this.inc({ direction: 'received' }, received);
      this.inc({ direction: 'sent' }, sent);
    },
  });
};
