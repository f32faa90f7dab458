import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { errorCode } from '@simfleet/contracts';
import { fakeClock } from '@simfleet/testing';
import { shareOf, type Decision } from '../../src/index.ts';
import { openMemoryLimiterStore } from '../../src/memory/index.ts';
import type { Trouble } from './faulty-store.ts';
import { guardBench, log, timeoutMs } from './guarded.ts';

const windowMs = 2_000;

type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'charge'; readonly replica: number; readonly times: number }
  | { readonly do: 'trouble'; readonly replica: number; readonly trouble: Trouble }
  | { readonly do: 'wake'; readonly replica: number }
  /** The store comes back empty. */
  | { readonly do: 'empty' };

const replica = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 700 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('charge' as const), replica, times: fc.integer({ min: 1, max: 12 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('trouble' as const),
      replica,
      trouble: fc.constantFrom<Trouble[]>('none', 'none', 'refuses', 'hangs', 'mute', 20, 120),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wake' as const), replica }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('empty' as const) }) },
);

interface Outcome {
  /** Store's times of what was admitted. */
  readonly admissions: readonly number[];
  readonly emptied: readonly number[];
  readonly slowest: number;
}

/** Several replicas on one log of `limit`, each with a network of its own. */
const play = async (
  policy: 'closed' | 'share',
  limit: number,
  replicas: number,
  steps: readonly Step[],
): Promise<Outcome> => {
  const clock = fakeClock();
  const inner = openMemoryLimiterStore({ clock });
  const benches = Array.from({ length: replicas }, () => guardBench({ replicas, clock, inner }));
  const rule = log(policy, limit, windowMs);
  const [admissions, emptied, underWay]: [number[], number[], Promise<void>[]] = [[], [], []];
  let slowest = 0;
  const charge = async (bench: (typeof benches)[number]): Promise<void> => {
    const started = clock.monotonic();
    const told = await Promise.resolve(bench.guard.decideOne({ rule, key: 'a' })).catch((error: unknown): null => {
      if (errorCode(error) !== 'unavailable') throw error;
      return null;
    });
    slowest = Math.max(slowest, clock.monotonic() - started);
    if (told?.allowed === true) admissions.push(timeOf(told));
  };
  for (const one of steps) {
    if (one.do === 'wait') await clock.advance(one.ms);
    else if (one.do === 'empty') {
      inner.reset(rule, 'a');
      emptied.push(clock.now());
    } else {
      const bench = benches[one.replica % replicas] as (typeof benches)[number];
      if (one.do === 'trouble') bench.faulty.trouble = one.trouble;
      else if (one.do === 'wake') bench.faulty.wake();
      else for (let n = 0; n < one.times; n += 1) underWay.push(charge(bench));
      await clock.advance(0);
    }
  }
  await clock.advance(timeoutMs);
  await Promise.all(underWay);
  for (const { guard } of benches) void guard.close();
  await clock.advance(timeoutMs);
  return { admissions: admissions.sort((a, b) => a - b), emptied, slowest };
};

const timeOf = ({ at }: Decision): number => (at < 0 ? -2 - at : at);

const within = (times: readonly number[], from: number): number =>
  times.filter((time) => time >= from && time < from + windowMs).length;

void suite('Through any loss, with replicas cut off one by one', () => {
  const runs = { numRuns: 150 };
  const replicas = fc.integer({ min: 1, max: 4 });
  const limit = fc.integer({ min: 1, max: 40 });
  const steps = fc.array(step, { minLength: 5, maxLength: 60 });

  void test('a closed rule admits its limit in any window, and once more for each time the store forgot', async () => {
    await fc.assert(
      fc.asyncProperty(replicas, limit, steps, async (count, most, script) => {
        const { admissions, emptied, slowest } = await play('closed', most, count, script);
        for (const from of admissions) assert.ok(within(admissions, from) <= most * (1 + within(emptied, from)));
        assert.ok(slowest <= timeoutMs, `${slowest} ms`);
      }),
      runs,
    );
  });

  void test('a shared rule admits replicas × share more, and no decision takes longer than the time-out', async () => {
    let busiest = 0;
    await fc.assert(
      fc.asyncProperty(replicas, limit, steps, async (count, most, script) => {
        const share = shareOf(log('share', most), count).limit;
        const { admissions, emptied, slowest } = await play('share', most, count, script);
        for (const from of admissions) {
          const bound = most * (1 + within(emptied, from)) + count * share;
          assert.ok(within(admissions, from) <= bound, `${within(admissions, from)} of ${bound}`);
          if (within(emptied, from) === 0) busiest = Math.max(busiest, within(admissions, from) / most);
        }
        assert.ok(slowest <= timeoutMs, `${slowest} ms`);
      }),
      runs,
    );
    assert.ok(busiest > 1, `losses were met: ${busiest} of the limit`);
  });
});
