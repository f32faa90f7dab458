import type { Socket as NetSocket } from 'node:net';
import { SimfleetError } from '@simfleet/contracts';
import type { WebSocket } from 'ws';
import { brokenConnection, closeCodes, closeMistake, type CloseVerdict } from '../close-codes.ts';
import { Heartbeat, type Beating } from '../heartbeat.ts';
import type { Sent, Socket } from '../server.ts';
import type { Topic } from '../topics.ts';
import { frameOf } from './frame.ts';
import type { Receiver } from './outbox.ts';
import type { Surroundings } from './surroundings.ts';

const open = 1;
const nothing = Buffer.alloc(0);

/**
 * One client. Frames are written to the stream below `ws`, whole ones and never while `ws` is amid a message of its own: it compresses nothing, so its
 * own frames (pong, close) are written whole as well. Ten thousands of these lie idle: no closures, no timers, no sets before they are needed.
 */
export class Connection<Data> implements Socket<Data>, Receiver, Beating {
  spoke = 0;
  readonly data: Data;
  readonly #number: number;
  readonly #ws: WebSocket;
  readonly #stream: NetSocket;
  readonly #around: Surroundings<Data>;
  #topics: Set<Topic<Receiver>> | null = null;
  #verdict: CloseVerdict | null = null;
  #held = false;
  #awaitsDrain = false;
  #bytesHeard = 0;
  /** Of the last sign of life, or of the ping after it. */
  #since = Heartbeat.now();
  #pinged = false;

  constructor(ws: WebSocket, stream: NetSocket, number: number, data: Data, around: Surroundings<Data>) {
    this.#ws = ws;
    this.#stream = stream;
    this.#number = number;
    this.data = data;
    this.#around = around;
  }

  get id(): string {
    return this.#number.toString(36);
  }

  get remoteAddress(): string {
    return this.#stream.remoteAddress ?? '';
  }

  /** By either side; nothing is sent any more. */
  get isClosing(): boolean {
    return this.#verdict !== null || this.#ws.readyState !== open;
  }

  get waitingBytes(): number {
    // What is held back has not been offered to the client yet; nothing waited when that began.
    return this.#held ? 0 : this.#stream.writableLength;
  }

  /** Why it ended. `code` and `reason` are those of `ws`. */
  ended(code: number, reason: string): { readonly verdict: CloseVerdict; readonly byServer: boolean } {
    this.#leaveTopics();
    if (this.#verdict !== null) return { verdict: this.#verdict, byServer: true };
    return { verdict: code === brokenConnection.code ? brokenConnection : { code, reason }, byServer: false };
  }

  /** `ws` closes it for a violation of the protocol. */
  violated(code: number): void {
    this.#verdict ??= { code, reason: '' };
    this.#leaveTopics();
  }

  send(message: string | Uint8Array): Sent {
    if (this.isClosing) return 'closed';
    this.#around.outbox.flushFor(this.#topics);
    if (this.isClosing) return 'over-budget';
    if (!this.#held && this.#stream.writableLength === 0) {
      this.#held = true;
      this.#stream.cork();
      this.#around.outbox.hold(this);
    }
    return this.#write(frameOf(message), 1) ? 'sent' : 'over-budget';
  }

  deliver(frames: Buffer, messages: number): void {
    if (this.isClosing) return;
    this.#write(frames, messages);
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#stream.uncork();
    this.#awaitDrain();
  }

  subscribe(topic: string): void {
    if (this.isClosing) return;
    this.#around.outbox.flushTopic(topic);
    this.#topics ??= new Set();
    this.#topics.add(this.#around.topics.add(topic, this));
  }

  unsubscribe(name: string): void {
    const topic = this.#around.topics.get(name);
    if (topic === undefined || this.#topics?.has(topic) !== true) return;
    this.#around.outbox.flushTopic(name);
    this.#topics.delete(topic);
    this.#around.topics.remove(topic, this);
  }

  close(code: number, reason: string): void {
    const mistake = closeMistake({ code, reason });
    if (mistake !== null) throw new SimfleetError('internal', mistake);
    if (this.isClosing) return;
    this.#around.outbox.flushFor(this.#topics);
    this.#close({ code, reason });
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.#ws.terminate();
  }

  pong(payload: Buffer): void {
    if (this.isClosing) return;
    // Who pings and does not read meets the budget too.
    if (this.waitingBytes > this.#around.limits.budgetBytes) this.#close(closeCodes.slowConsumer);
    else this.#ws.pong(payload);
  }

  beat(now: number): void {
    if (this.#ws.readyState !== open) return;
    const bytes = this.#stream.bytesRead;
    if (bytes !== this.#bytesHeard) {
      this.#bytesHeard = bytes;
      this.#since = now;
      this.#pinged = false;
    } else if (this.#pinged) {
      if (now - this.#since >= this.#around.limits.pongMs) this.terminate();
    } else if (now - this.#since >= this.#around.limits.pingMs) {
      this.#pinged = true;
      this.#since = now;
      this.#ws.ping();
    }
  }

  /** False when it is over budget, and closes. */
  #write(frames: Buffer, messages: number): boolean {
    const { counts, limits, outbox } = this.#around;
    const waiting = this.waitingBytes;
    if (waiting > 0 && waiting + frames.length > limits.budgetBytes) {
      this.#close(closeCodes.slowConsumer);
      return false;
    }
    counts.messagesSent += messages;
    counts.bytesSent += frames.length;
    this.#stream.write(frames);
    if (!this.#held) this.#awaitDrain();
    else if (this.#stream.writableLength >= outbox.mostHeld) this.release();
    return true;
  }

  #close(verdict: CloseVerdict): void {
    this.#verdict = verdict;
    this.#leaveTopics();
    this.#ws.close(verdict.code, verdict.reason);
  }

  #leaveTopics(): void {
    const topics = this.#topics;
    this.#topics = null;
    for (const topic of topics ?? []) this.#around.topics.remove(topic, this);
  }

  #awaitDrain(): void {
    if (this.#awaitsDrain || this.#stream.writableLength === 0) return;
    this.#awaitsDrain = true;
    this.#stream.write(nothing, (error) => {
      this.#awaitsDrain = false;
      if (error || this.isClosing) return;
      if (this.#stream.writableLength > 0) this.#awaitDrain();
      else this.#around.drained(this);
    });
  }
}
