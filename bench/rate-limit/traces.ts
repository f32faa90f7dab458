import { mock } from 'node:test';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Rule } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import type { Measure } from './part.ts';
import { traces, type Trace } from './trace-data.ts';
import { excessInAligned, excessOverLine, figuresOf, type Answer } from './trace-figures.ts';

const limit = 100;
const windowMs = 60_000;
/** A multiple of the window, so that windows of the calendar begin where the trace does. */
const epoch = 1_767_225_600_000;

interface Limiter {
  readonly name: string;
  /** The rule's own bound, in words, and how far the answers are above it. */
  readonly bound: string;
  readonly excess: (answers: readonly Answer[]) => number;
  readonly mustHold: boolean;
  readonly play: (trace: Trace) => Promise<readonly Answer[]>;
}

/** Ours on a clock that is set to each attempt. */
const ours =
  (rule: Rule) =>
  async (trace: Trace): Promise<readonly Answer[]> => {
    let ms = 0;
    const store = openMemoryLimiterStore({ clock: { now: () => epoch + ms, monotonic: () => ms } });
    const answers: Answer[] = [];
    for (const time of trace.times) {
      ms = time;
      answers.push({ ms, allowed: store.decideOne({ rule, key: 'a' }).allowed });
    }
    await store.close();
    return answers;
  };

/** The peer reads Date and sets a timer a key: both are Node's mock of them, turned to each attempt. */
const flexible = async (trace: Trace): Promise<readonly Answer[]> => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: epoch });
  try {
    const limiter = new RateLimiterMemory({ points: limit, duration: windowMs / 1_000 });
    const answers: Answer[] = [];
    let at = 0;
    for (const ms of trace.times) {
      mock.timers.tick(ms - at);
      at = ms;
      const allowed = await limiter.consume('a').then(
        () => true,
        () => false,
      );
      answers.push({ ms, allowed });
    }
    return answers;
  } finally {
    mock.timers.reset();
  }
};

const aWindow = { limit, windowMs };
const line = (burst: number) => (answers: readonly Answer[]) => excessOverLine(answers, burst, limit / windowMs);
const anyWindow = (most: number) => (answers: readonly Answer[]) =>
  Math.max(0, figuresOf(answers, limit, windowMs).worst - most);

const limiters: readonly Limiter[] = [
  {
    name: 'sliding log',
    bound: '100 in any window',
    excess: anyWindow(limit),
    mustHold: true,
    play: ours({ name: 'log', algorithm: 'sliding-log', ...aWindow }),
  },
  {
    name: 'sliding counter',
    bound: '199 in any window',
    excess: anyWindow(2 * limit - 1),
    mustHold: true,
    play: ours({ name: 'counter', algorithm: 'sliding-counter', ...aWindow }),
  },
  {
    name: 'token bucket',
    bound: '100 + 100 t ÷ window in any t',
    excess: line(limit),
    mustHold: true,
    play: ours({ name: 'bucket', algorithm: 'token-bucket', ...aWindow }),
  },
  {
    name: 'leaky bucket, burst 10',
    bound: '10 + 100 t ÷ window in any t',
    excess: line(10),
    mustHold: true,
    play: ours({ name: 'leaky', algorithm: 'leaky-bucket', burst: 10, ...aWindow }),
  },
  {
    name: 'fixed window',
    bound: '100 in each window of the clock',
    excess: (answers) => excessInAligned(answers, limit, windowMs),
    mustHold: true,
    play: ours({ name: 'fixed', algorithm: 'fixed-window', ...aWindow }),
  },
  {
    name: 'rate-limiter-flexible',
    bound: '(100 in any window)',
    excess: anyWindow(limit),
    mustHold: false,
    play: flexible,
  },
];

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

const heading = `  ${'limiter'.padEnd(24)}${'admitted'.padStart(9)}${'to the log'.padStart(12)}${'worst window'.padStart(14)}${'over'.padStart(6)}${'wrongly admitted'.padStart(18)}${'refused'.padStart(10)}  above its own bound`;

/** What each limiter admits of each trace, beside the exact log. Nothing is timed: the same on any machine. */
export const measure: Measure = async ({ goals }) => {
  console.log(`  100 a minute, two hours of virtual time, generated (trace-data.ts); rate-limiter-flexible on Node's mock of Date and timers.
  "to the log": admitted beside what an exact log admits of the same trace. "over": the worst window above 100. "wrongly": parts of the attempts that
  an exact log of the limiter's own admissions would have judged otherwise.`);
  for (const trace of traces()) {
    console.log(`\n  ${trace.name} (${trace.what}), ${trace.times.length} attempts\n${heading}`);
    let exact = 0;
    for (const { name, bound, excess, mustHold, play } of limiters) {
      const answers = await play(trace);
      const { admitted, worst, wronglyAdmitted, wronglyRefused } = figuresOf(answers, limit, windowMs);
      if (exact === 0) exact = admitted;
      const above = excess(answers);
      const figures = [
        String(admitted).padStart(9),
        `${admitted < exact ? '' : '+'}${percent(admitted / exact - 1)}`.padStart(12),
        String(worst).padStart(14),
        String(Math.max(0, worst - limit)).padStart(6),
        percent(wronglyAdmitted).padStart(18),
        percent(wronglyRefused).padStart(10),
      ];
      const verdict = mustHold
        ? `; ${goals.judge(`${name}, ${trace.name}: ${above} above ${bound}`, '0', above === 0)}`
        : '';
      console.log(`  ${name.padEnd(24)}${figures.join('')}  ${above} above ${bound}${verdict}`);
    }
  }
};
