import { SimfleetError } from '@simfleet/contracts';
import { closeCodes, closeMistake, type CloseVerdict } from '../close-codes.ts';
import type { SocketCounts } from '../counts.ts';
import { Heartbeat, type Beating } from '../heartbeat.ts';
import type { Sent, Socket, SocketLimits } from '../server.ts';
import type { Topic, Topics } from '../topics.ts';
import type { UwsSocket } from './module.ts';

/** What all connections of a server share. */
export interface Surroundings {
  readonly limits: SocketLimits;
  readonly counts: SocketCounts;
  readonly topics: Topics<Overflowing>;
  /** Whether something was published to the topic that may not have reached every socket yet. */
  readonly isFresh: (topic: Topic<Overflowing>) => boolean;
}

/** A subscriber whose budget is looked after from outside. */
export interface Overflowing {
  closeIfOverBudget(): void;
}

/** One client. The native socket is dead as soon as the connection is closing, so it is let go of then. */
export class Connection<Data> implements Socket<Data>, Beating, Overflowing {
  spoke = 0;
  readonly data: Data;
  readonly remoteAddress: string;
  /** Bytes have waited since the last drain. */
  waited = false;
  readonly #number: number;
  readonly #around: Surroundings;
  #ws: UwsSocket | null = null;
  #topics: Set<Topic<Overflowing>> | null = null;
  #verdict: CloseVerdict | null = null;
  #heard = false;
  #since = Heartbeat.now();
  #pinged = false;

  constructor(number: number, data: Data, remoteAddress: string, around: Surroundings) {
    this.#number = number;
    this.data = data;
    this.remoteAddress = remoteAddress;
    this.#around = around;
  }

  get id(): string {
    return this.#number.toString(36);
  }

  get waitingBytes(): number {
    const waiting = this.#ws?.getBufferedAmount() ?? 0;
    if (waiting > 0) this.waited = true;
    return waiting;
  }

  get isClosing(): boolean {
    return this.#ws === null;
  }

  opened(ws: UwsSocket): void {
    this.#ws = ws;
  }

  /** What the server decided, if it was the first to close. The native socket is gone. */
  ended(): CloseVerdict | null {
    this.#ws = null;
    this.#leaveTopics();
    return this.#verdict;
  }

  heard(): void {
    this.#heard = true;
  }

  send(message: string | Uint8Array): Sent {
    const ws = this.#ws;
    if (ws === null) return 'closed';
    const bytes = typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength;
    const waiting = this.waitingBytes;
    if (waiting > 0 && waiting + bytes > this.#around.limits.budgetBytes) {
      this.#close(closeCodes.slowConsumer);
      return 'over-budget';
    }
    const { counts } = this.#around;
    counts.messagesSent += 1;
    counts.bytesSent += bytes;
    ws.send(message, typeof message !== 'string', false);
    return 'sent';
  }

  closeIfOverBudget(): void {
    if (this.waitingBytes > this.#around.limits.budgetBytes) this.#close(closeCodes.slowConsumer);
  }

  subscribe(name: string): void {
    if (this.#ws === null) return;
    const topic = this.#around.topics.add(name, this);
    this.#topics ??= new Set();
    if (this.#topics.has(topic)) return;
    this.#topics.add(topic);
    this.#ws.subscribe(name);
  }

  unsubscribe(name: string): void {
    const topic = this.#around.topics.get(name);
    if (this.#ws === null || topic === undefined || this.#topics?.has(topic) !== true) return;
    // Older versions forget what was published in this turn when the last topic is left. Anything that is sent has it written first.
    if (this.#around.isFresh(topic)) this.#ws.ping('');
    this.#topics.delete(topic);
    this.#around.topics.remove(topic, this);
    this.#ws.unsubscribe(name);
  }

  close(code: number, reason: string): void {
    const mistake = closeMistake({ code, reason });
    if (mistake !== null) throw new SimfleetError('internal', mistake);
    if (this.#ws !== null) this.#close({ code, reason });
  }

  beat(now: number): void {
    if (this.#ws === null) return;
    if (this.#heard) {
      this.#heard = false;
      this.#since = now;
      this.#pinged = false;
    } else if (this.#pinged) {
      if (now - this.#since >= this.#around.limits.pongMs) this.#ws.close();
    } else if (now - this.#since >= this.#around.limits.pingMs) {
      this.#pinged = true;
      this.#since = now;
      this.#ws.ping('');
    }
  }

  #close(verdict: CloseVerdict): void {
    const ws = this.#ws;
    this.#verdict = verdict;
    this.#ws = null;
    this.#leaveTopics();
    ws?.end(verdict.code, verdict.reason);
  }

  #leaveTopics(): void {
    const topics = this.#topics;
    this.#topics = null;
    for (const topic of topics ?? []) this.#around.topics.remove(topic, this);
  }
}
