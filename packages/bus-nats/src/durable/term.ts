import type { SimfleetEvent } from '@simfleet/contracts';
import { defaultMaxAttempts, makeAttempts, pause, realTimers, traceOfEvent, type AttemptTools } from '@simfleet/bus';
import type { Delivery } from './delivery.ts';
import { redeliverMs } from './delivery.ts';
import { dangerOf } from './danger.ts';
import type { Done } from './done.ts';
import { Hands, type Held } from './held.ts';
import type { Lanes } from './lanes.ts';
import { startPulls, type Pulls } from './pulls.ts';
import type { Slots } from './slots.ts';
import { divide, isSuspect, suspicionOf, type Suspect, type Suspicion } from './suspects.ts';
import type { Workplace } from './workplace.ts';

export interface TermOptions extends Workplace {
  readonly lanes: Lanes;
  readonly slots: Slots;
  readonly done: Done;
  readonly tools: AttemptTools;
  /** Whether the lease is ours now. */
  readonly mayWork: () => boolean;
  readonly lost: AbortSignal;
  /** What the holder before us handled alone when it went. */
  readonly former: Suspect | null;
  /** Keeps a suspect with the lease. False when the lease is not ours any more. */
  readonly note: (suspect: Suspect | null) => Promise<boolean>;
  /** Makes the consumer at the server, or finds it. */
  readonly ensure: () => Promise<void>;
}

/** Messages in hand: sources with work, and all of them, waiting behind one of their source included. */
const mostSources = 512;
const mostHeld = 2048;
const mostHeldBytes = 64 * 2 ** 20;
/** Tell the server that we are still at it, so often (milliseconds): three times in the time after which it would hand out again. */
const keepMs = redeliverMs / 3;
const settleLookMs = 25;
/** By then all that others had in hand when they stopped is due, and came before anything newer; milliseconds. */
const settleMostMs = 2 * redeliverMs + 1000;

/**
 * One time of holding the lease. The server hands out what nobody acknowledged again, in the order of the stream and before anything newer, but
 * only once it is due; in between it would hand out newer events. So nothing is begun before all that is unacknowledged is in our hands: the
 * server counts what is, and numbers each handing out, so that one to somebody else (who pulled before it lost the lease) shows as a gap.
 */
export class Term {
  readonly #options: TermOptions;
  readonly #hands = new Hands();
  readonly #ending = new AbortController();
  readonly #stop: AbortSignal;
  readonly #pulls: Pulls;
  readonly #endReturn: () => void;
  readonly #keeping: NodeJS.Timeout;
  /** Taken and not begun: what was handed out while not everything was in our hands. */
  #waiting: Held[] = [];
  #nextTurn: number | null = null;
  #unsettledSince = performance.now();
  #isEnsured = false;
  #lookedAt = performance.now();
  #settling: Promise<void> | null = null;

  constructor(options: TermOptions) {
    this.#options = options;
    const { link, names, durable, lost } = options;
    this.#stop = AbortSignal.any([lost, this.#ending.signal]);
    this.#pulls = startPulls({
      connection: link.connection,
      stream: names.events,
      durable,
      room: () => this.#room(),
      onDelivery: (delivery) => this.#take(delivery),
      onGone: () => this.#unsettle(),
      isUp: link.isUp,
    });
    this.#endReturn = link.onReturn(() => this.#unsettle());
    this.#keeping = setInterval(() => this.#keep(), keepMs / 2);
    lost.addEventListener('abort', () => void this.#close());
    this.#unsettle();
  }

  /** Begins nothing more, waits for handlers under way and gives back the rest. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#close();
    await this.#options.lanes.idle();
    const left = [...this.#hands.all()].sort((one, two) => one.delivery.sequence - two.delivery.sequence);
    if (this.#options.mayWork()) for (const { delivery } of left) delivery.giveBack();
  }

  async #close(): Promise<void> {
    clearInterval(this.#keeping);
    this.#endReturn();
    await this.#pulls.end();
  }

  #room(): number {
    const { mayWork, lanes } = this.#options;
    if (this.#stop.aborted || !mayWork() || this.#hands.bytes >= mostHeldBytes) return 0;
    const inHand = mostHeld - this.#hands.count;
    return this.#settling === null ? Math.min(inHand, mostSources - lanes.size) : inHand;
  }

  #take(delivery: Delivery): void {
    const { mayWork, done } = this.#options;
    if (!mayWork()) return;
    if (this.#ending.signal.aborted) return delivery.giveBack();
    const expected = this.#nextTurn;
    this.#nextTurn = delivery.turn + 1;
    if (expected !== null && expected !== delivery.turn) this.#unsettle();
    const known = this.#hands.find(delivery);
    if (known !== undefined) {
      known.delivery = delivery;
      known.heard = performance.now();
      return;
    }
    if (done.has(delivery.key)) return delivery.ack();
    const event = this.#eventOf(delivery);
    if (event === null) return;
    const held = this.#hands.take(delivery, event);
    if (this.#settling === null) this.#begin(held);
    else this.#waiting.push(held);
  }

  /** Null for what is no event: nobody can handle it, and it has no source whose order it could keep. */
  #eventOf(delivery: Delivery): SimfleetEvent | null {
    try {
      return JSON.parse(new TextDecoder().decode(delivery.payload)) as SimfleetEvent;
    } catch (error) {
      this.#options.onTrouble?.(`Message ${delivery.sequence} of ${this.#options.names.events} is no event`, error);
      delivery.ack();
      return null;
    }
  }

  #unsettle(): void {
    this.#unsettledSince = performance.now();
    this.#nextTurn = null;
    this.#isEnsured = false;
    this.#settling ??= this.#settle();
  }

  async #settle(): Promise<void> {
    let since: number;
    do {
      while (!this.#stop.aborted && !(await this.#isSettled())) await pause(settleLookMs, this.#stop, realTimers);
      since = this.#unsettledSince;
      await this.#handleSuspects();
      // A gap that showed meanwhile: everything once more.
    } while (!this.#stop.aborted && since !== this.#unsettledSince);
    this.#settling = null;
    if (this.#stop.aborted) return;
    for (const held of this.#takeWaiting()) this.#begin(held);
    this.#pulls.more();
  }

  #takeWaiting(): Held[] {
    const ready = this.#waiting.sort((one, two) => one.delivery.sequence - two.delivery.sequence);
    this.#waiting = [];
    return ready;
  }

  /** Those that may have killed the processes that had them: one at a time, before anything else, and in the end not at all. */
  async #handleSuspects(): Promise<void> {
    const { consumer, lanes, note } = this.#options;
    const suspicion = suspicionOf(consumer.maxAttempts ?? defaultMaxAttempts);
    const { alone, rest } = divide(this.#takeWaiting(), suspicion);
    this.#waiting.unshift(...rest);
    if (alone.length === 0) return;
    await lanes.idle();
    for (const held of alone) {
      if (this.#stop.aborted) return;
      if (isSuspect(held, suspicion) && !(await this.#mayBegin(held, suspicion))) continue;
      this.#begin(held);
      await lanes.idle();
    }
    if (!this.#stop.aborted) await note(null);
  }

  /** Notes with the lease that this one is begun alone; false when it was parked instead, or when the term is over. */
  async #mayBegin(held: Held, { mostTries }: Suspicion): Promise<boolean> {
    const { former, note } = this.#options;
    const { key, count } = held.delivery;
    const tries = former?.key === key ? former.tries : 0;
    if (tries < mostTries) {
      // Skipped it would be overtaken: insist, as long as the lease is ours.
      while (!this.#stop.aborted) {
        if (await note({ key, tries: tries + 1 })) return true;
        await pause(200, this.#stop, realTimers);
      }
      return false;
    }
    const reason = `Its process ended ${tries} times while it was handled alone; it was handed out ${count} times.`;
    if (await this.#park(held, reason, count - 1)) this.#finish(held);
    return false;
  }

  /** Whether all that is handed out and not acknowledged is in our hands, or was due long ago. */
  async #isSettled(): Promise<boolean> {
    const { link, manager, names, durable, ensure, onTrouble } = this.#options;
    if (this.#stop.aborted || !link.isUp()) return false;
    try {
      if (!this.#isEnsured) await ensure();
      this.#isEnsured = true;
      this.#pulls.more();
      const since = this.#unsettledSince;
      const { num_ack_pending: pending, delivered } = await manager.consumers.info(names.events, durable);
      if (since !== this.#unsettledSince) return false;
      if (pending === this.#hands.upTo(delivered.consumer_seq)) return true;
      if (performance.now() - since < settleMostMs) return false;
      onTrouble?.(`Consumer ${durable} goes on with ${pending} unacknowledged`, null);
      return true;
    } catch (error) {
      if (link.isUp() && !this.#stop.aborted) onTrouble?.(`Consumer ${durable} cannot be found`, error);
      return false;
    }
  }

  #keep(): void {
    const now = performance.now();
    if (!this.#options.mayWork()) return;
    if (now - this.#lookedAt > this.#options.lookMs) void this.#look(now);
    for (const held of this.#hands.all()) {
      if (now - held.heard < keepMs) continue;
      held.heard = now;
      held.delivery.keep();
    }
  }

  /** Reports events in danger of falling out of the stream before they are handled. */
  async #look(now: number): Promise<void> {
    const { link, manager, names, consumer, onTrouble } = this.#options;
    this.#lookedAt = now;
    const [oldest] = [...this.#hands.all()].sort((one, two) => one.delivery.sequence - two.delivery.sequence);
    if (oldest === undefined) return;
    try {
      const danger = dangerOf(oldest.delivery, await manager.streams.info(names.events), Date.now());
      if (danger !== null) onTrouble?.(`Consumer ${consumer.name} may lose events: ${danger}`, null);
    } catch (error) {
      if (link.isUp() && !this.#stop.aborted) onTrouble?.(`The stream ${names.events} does not tell its limits`, error);
    }
  }

  #begin(held: Held): void {
    this.#options.lanes.add(held.event.source, () => this.#work(held));
  }

  /** Handles or parks one message, unless the term ends before. */
  async #work(held: Held): Promise<void> {
    const { consumer, slots, tools, mayWork, tracing } = this.#options;
    let begun = true;
    const attempt = (): Promise<void> =>
      slots.within(async () => {
        begun = !this.#stop.aborted && mayWork();
        if (!begun) return;
        const copy = structuredClone(held.event) as never;
        await tracing.within(traceOfEvent(held.event), () => consumer.handle(copy));
      });
    const outcome = await makeAttempts(attempt, consumer.maxAttempts ?? defaultMaxAttempts, this.#stop, tools);
    if (!begun || outcome.kind === 'ended') return;
    if (outcome.kind === 'failed' && !(await this.#park(held, outcome.reason, outcome.attempts))) return;
    this.#finish(held);
    this.#pulls.more();
  }

  #finish(held: Held): void {
    const { done, mayWork } = this.#options;
    done.add(held.delivery.key);
    // Whoever holds the lease now has it in hand too: only its own word counts.
    if (mayWork()) held.delivery.ack();
    this.#hands.drop(held);
  }

  /** Insists until the letter is durable. False when the term ended before. */
  async #park({ delivery }: Held, reason: string, attempts: number): Promise<boolean> {
    const { consumer, letters, onTrouble, lost } = this.#options;
    const { payload, headers, sequence } = delivery;
    while (!lost.aborted) {
      try {
        await letters.park({ consumer: consumer.name, payload, headers, reason, attempts, sequence });
        return true;
      } catch (error) {
        onTrouble?.(`Consumer ${consumer.name} could not park message ${sequence}`, error);
        if (this.#ending.signal.aborted) return false;
        await pause(1000, this.#stop, realTimers);
      }
    }
    return false;
  }
}
