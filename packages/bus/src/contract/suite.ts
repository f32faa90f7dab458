import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { errorCode, type ErrorCode, type SimfleetEvent, type TraceContext } from '@simfleet/contracts';
import type { Bus } from '../bus.ts';
import type { Tracing } from '../tracing.ts';

/** What the suite needs of an adapter. */
export interface BusSuite {
  /** Names the adapter in every title. */
  readonly name: string;
  /** A fresh bus without consumers, which retries within milliseconds and follows these traces. The suite closes it. */
  readonly open: (tracing: Tracing) => Promise<Bus>;
  /** What a bus is that other processes are on too: two connections to one fresh broker. Everything is then tried across the two as well. */
  readonly shared?: (tracing: Tracing) => Promise<readonly [Bus, Bus]>;
}

/** Where the checks run: one bus, or two ends of one. */
export interface Ends {
  readonly open: (tracing: Tracing) => Promise<readonly [Bus, Bus]>;
}

/** Contexts as a program follows them, through promises and timers. */
export const followed = (): Tracing => {
  const contexts = new AsyncLocalStorage<TraceContext | undefined>();
  return { current: () => contexts.getStore(), within: (context, run) => contexts.run(context, run) };
};

/** Those who publish and ask are on the first, those who consume and answer on the second. */
export const withBus = async (
  { open }: Ends,
  check: (bus: Bus, other: Bus, tracing: Tracing) => Promise<void>,
): Promise<void> => {
  const tracing = followed();
  const [bus, other] = await open(tracing);
  try {
    await check(bus, other, tracing);
  } finally {
    await Promise.all([bus.close(), other.close()]);
  }
};

/** Publishes as the relay does: again when the bus is not sure. */
export const publishSurely = async (bus: Bus, event: SimfleetEvent): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await bus.publish(event);
    } catch (error) {
      if (errorCode(error) !== 'unavailable' || tries === 10) throw error;
    }
  }
};

export const started = 'dev.simfleet.shard.started.v1';
export const ended = 'dev.simfleet.shard.ended.v1';

/** An event of the aggregate at a version. */
export const startedEvent = (aggregate: string, version = 1): SimfleetEvent<typeof started> => ({
  specversion: '1.0',
  id: `${aggregate}${version}`,
  source: `/jobs/${aggregate}`,
  sourceversion: version,
  type: started,
  time: '2026-01-02T03:04:05.678Z',
  customer: 'acme',
  datacontenttype: 'application/json',
  data: { jobId: aggregate, customer: 'acme', generation: 1, shard: 0, attempt: version },
});

/** A healthy bus needs milliseconds; one that lost an event must fail its check rather than hang it. */
const patienceMs = 2000;

/** Notes what a consumer got, and lets a test wait until it has as many as it expects. */
export class Inbox<Item> {
  readonly got: Item[] = [];
  #waiting: (() => void)[] = [];

  readonly put = async (item: Item): Promise<void> => {
    this.got.push(item);
    for (const wake of this.#waiting.splice(0)) wake();
  };

  async until(count: number): Promise<readonly Item[]> {
    const late = Promise.withResolvers<never>();
    const message = (): string => `still waiting for item ${count} after ${patienceMs} ms, got ${this.got.length}`;
    const timer = setTimeout(() => late.reject(new Error(message())), patienceMs);
    try {
      while (this.got.length < count) {
        await Promise.race([late.promise, new Promise<void>((resolve) => this.#waiting.push(resolve))]);
      }
      return this.got;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Expects a refusal with this code. */
export const refused = (code: ErrorCode, promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.equal(errorCode(error), code, `expected ${code}, got ${String(error)}`);
    return true;
  });
