import { SimfleetError } from '@simfleet/contracts';
import type { Estimate, JobEstimate, JobSpec } from '@simfleet/contracts';
import { advance, begin, blockCount, estimatesOf, expectedPaths, rulesOf } from '@simfleet/domain';
import type { Engine, Kernel, Rules } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';

/** A job as it would be created; `spec.parameters` are complete. */
export interface PilotRequest {
  readonly spec: JobSpec;
  readonly engine: Engine;
  readonly signal: AbortSignal;
}

/** Tries a job for about half a second and says what the whole of it would take. Throws `unavailable` when too many wait. */
export type RunPilot = (request: PilotRequest) => Promise<JobEstimate>;

export interface PilotParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Shards that can run at the same time on this platform. */
  readonly slots: number;
}

/** Time for one pilot: enough for tens of thousands of paths of the slowest engines. */
const budgetMs = 500;
/** A block is about 50 ms of work; a sixteenth of it is the longest that other requests wait for a pilot. */
const slicesPerBlock = 16;
const leastSlice = 64;
/** Pilots run one after the other; more than these would be answered too late to be of use. */
const mostWaiting = 8;
const subrange = 2 ** 20;

/** What the trial runs said. */
interface Trial {
  readonly units: number;
  readonly seconds: number;
  readonly estimates: readonly Estimate[];
  /** Units that the job is expected to need; null = unknown. */
  readonly expected: number | null;
}

export const openPilot = ({ clock, slots }: PilotParts): RunPilot => {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const run = async ({ spec, engine, signal }: PilotRequest): Promise<JobEstimate> => {
    const rules = rulesOf(spec, engine);
    const kernel = engine.open();
    const trial =
      engine.kind === 'exact'
        ? await tryExact(rules, spec, kernel, clock, signal)
        : await trySampling(spec, engine, kernel, clock, signal);
    const blocks = trial.expected === null ? null : blocksFor(rules, trial.expected);
    const paths = blocks === null ? null : unitsOf(rules, blocks);
    const perSecond = trial.seconds > 0 ? trial.units / trial.seconds : null;
    const shards = Math.min(spec.shards, slots);
    return {
      paths,
      blocks,
      seconds: paths === null || perSecond === null ? null : paths / (perSecond * shards),
      shards: spec.shards,
      estimates: [...trial.estimates],
      pilot: { paths: trial.units, seconds: trial.seconds },
    };
  };

  return async (request) => {
    if (waiting >= mostWaiting) throw new SimfleetError('unavailable', 'too many estimates are being made: try again');
    waiting += 1;
    const mine = last.then(() => run(request));
    last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  };
};

const trySampling = async (
  spec: JobSpec,
  engine: Engine,
  kernel: Kernel,
  clock: Pick<Clock, 'monotonic'>,
  signal: AbortSignal,
): Promise<Trial> => {
  const whole = engine.plan(spec.parameters).blockSize;
  const blockSize = Math.max(leastSlice, Math.floor(whole / slicesPerBlock));
  const rules: Rules = { ...rulesOf(spec, engine, { blockSize }), maxPaths: null };
  let state = begin(rules);
  let busyMs = 0;
  const until = clock.monotonic() + budgetMs;
  for (let block = 0; state.ended === null && !signal.aborted && clock.monotonic() < until; block++) {
    const startedAt = clock.monotonic();
    const request = { parameters: spec.parameters, seed: BigInt(spec.seed), blockSize, block, units: blockSize };
    state = advance(rules, state, kernel.runBlock(request)).state;
    busyMs += clock.monotonic() - startedAt;
    await letOthersIn();
  }
  const expected = rules.precision === null ? Infinity : (expectedPaths(rules, state) ?? Infinity);
  const bound = spec.maxPaths === undefined ? Infinity : Number(spec.maxPaths);
  const needed = Math.min(expected, bound);
  return {
    units: state.folded.blocks * blockSize,
    seconds: busyMs / 1000,
    estimates: estimatesOf(rules, state),
    expected: Number.isFinite(needed) ? needed : null,
  };
};

/** Later integers cost more: the trial looks at a few places all over the range. */
const tryExact = async (
  rules: Rules,
  spec: JobSpec,
  kernel: Kernel,
  clock: Pick<Clock, 'monotonic'>,
  signal: AbortSignal,
): Promise<Trial> => {
  const all = rules.plan.units ?? 0;
  const places = [0, 0, 0.25, 0.5, 0.75, 1];
  const until = clock.monotonic() + budgetMs;
  let units = 0;
  let busyMs = 0;
  for (const [index, place] of places.entries()) {
    if (signal.aborted || clock.monotonic() > until) break;
    const block = Math.floor((Math.ceil(all / subrange) - 1) * place);
    const size = Math.min(subrange, all - block * subrange);
    const startedAt = clock.monotonic();
    kernel.runBlock({ parameters: spec.parameters, seed: 0n, blockSize: subrange, block, units: size });
    // The first call warms the kernel up.
    if (index > 0) {
      busyMs += clock.monotonic() - startedAt;
      units += size;
    }
    await letOthersIn();
  }
  return { units, seconds: busyMs / 1000, estimates: [], expected: all };
};

/** Whole blocks, at least those of the first look at which a job may stop. */
const blocksFor = (rules: Rules, units: number): number => {
  const blocks = Math.ceil(units / rules.plan.blockSize);
  const least = rules.kind === 'sampling' ? begin(rules).nextLook : 1;
  return Math.min(Math.max(blocks, least), blockCount(rules) ?? Infinity);
};

const unitsOf = (rules: Rules, blocks: number): number =>
  Math.min(blocks * rules.plan.blockSize, rules.maxPaths ?? rules.plan.units ?? Infinity);

const letOthersIn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
