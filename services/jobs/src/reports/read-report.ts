import { SimfleetError, identifier, maxCount, maxShards, report } from '@simfleet/contracts';
import type { DoneBlock, Mistake, Report } from '@simfleet/contracts';
import { validateResult } from '@simfleet/domain';
import { mistakesOf } from '@simfleet/http';
import type { ReportPlan } from './report-plan.ts';

/** Mistakes listed at most: a report of 10,000 bad blocks is not answered with 10,000 pointers. */
const mostMistakes = 50;

/**
 * The report that a body holds. Sound reports, which are nearly all, are recognised by hand: the schema of contracts takes about six times as
 * long (measured: see the README) and is asked only for the mistakes. Both accept the same reports; a property test holds them together.
 * Throws `invalid-request` with a pointer per mistake.
 */
export const readReport = (body: unknown): Report => {
  if (isSoundReport(body)) return withDefaults(body);
  const parsed = report.safeParse(body);
  if (parsed.success) return parsed.data;
  const mistakes = mistakesOf('body', report, parsed.error.issues).slice(0, mostMistakes);
  throw new SimfleetError('invalid-request', 'the report has mistakes', { mistakes });
};

const withDefaults = ({ describe = false, release = false, done = [], ...rest }: SoundReport): Report => ({
  ...rest,
  describe,
  release,
  done,
});

type SoundReport = Pick<Report, 'shard' | 'attempt'> & Partial<Report>;
type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Whether all keys are known; the values of those that are there are checked by the caller. */
const hasOnly = (value: Members, keys: ReadonlySet<string>): boolean => {
  for (const key in value) if (!keys.has(key)) return false;
  return true;
};

const reportKeys = new Set(['shard', 'attempt', 'describe', 'release', 'done']);
const doneKeys = new Set(['block', 'result']);
const momentsResultKeys = new Set(['kind', 'paths', 'metrics']);
const countsResultKeys = new Set(['kind', 'counts']);
const momentsKeys = new Set(['mean', 'm2', 'nonZero', 'control']);
const controlKeys = new Set(['mean', 'm2', 'cross']);

const isFlag = (value: unknown): boolean => value === undefined || typeof value === 'boolean';

const isSoundReport = (value: unknown): value is SoundReport =>
  isMembers(value) &&
  hasOnly(value, reportKeys) &&
  isCount(value['shard'], 0, maxShards - 1) &&
  isCount(value['attempt'], 0, maxCount) &&
  isFlag(value['describe']) &&
  isFlag(value['release']) &&
  (value['done'] === undefined ||
    (Array.isArray(value['done']) && value['done'].length <= 10_000 && value['done'].every(isSoundDone)));

const isSoundDone = (value: unknown): boolean =>
  isMembers(value) &&
  hasOnly(value, doneKeys) &&
  isCount(value['block'], 0, maxCount) &&
  isMembers(value['result']) &&
  (isSoundMomentsResult(value['result']) || isSoundCountsResult(value['result']));

const isSoundMomentsResult = (value: Members): boolean => {
  const { kind, paths, metrics } = value;
  if (kind !== 'moments' || !hasOnly(value, momentsResultKeys)) return false;
  if (!isCount(paths, 1, maxCount) || !isMembers(metrics)) return false;
  for (const name in metrics) {
    if (!identifier.safeParse(name).success || !isSoundMoments(metrics[name])) return false;
  }
  return true;
};

const isSoundMoments = (value: unknown): boolean => {
  if (!isMembers(value) || !hasOnly(value, momentsKeys)) return false;
  const { mean, m2, nonZero, control } = value;
  return isNumber(mean) && isNumber(m2) && m2 >= 0 && isCount(nonZero, 0, maxCount) && isSoundControl(control);
};

const isSoundControl = (value: unknown): boolean => {
  if (value === undefined) return true;
  if (!isMembers(value) || !hasOnly(value, controlKeys)) return false;
  const { mean, m2, cross } = value;
  return isNumber(mean) && isNumber(m2) && m2 >= 0 && isNumber(cross);
};

const isSoundCountsResult = (value: Members): boolean => {
  const { kind, counts } = value;
  if (kind !== 'counts' || !hasOnly(value, countsResultKeys) || !Array.isArray(counts)) return false;
  return counts.length >= 1 && counts.length <= 4096 && counts.every((count) => isCount(count, 0, 2 ** 20));
};

/** Mistakes that only the job's plan can see, with pointers into the report. Blocks that are passed over have none. */
export const planMistakes = (
  plan: Pick<ReportPlan, 'rules' | 'isPossible'>,
  done: readonly DoneBlock[],
  isPassedOver: (block: DoneBlock) => boolean,
): readonly Mistake[] => {
  const mistakes: Mistake[] = [];
  for (const [index, each] of done.entries()) {
    const { block, result } = each;
    if (isPassedOver(each)) continue;
    if (!plan.isPossible(block)) {
      mistakes.push({ pointer: `/done/${index}/block`, detail: `block ${block} is outside the plan of this job` });
    } else {
      for (const { pointer, detail } of validateResult(plan.rules, block, result)) {
        mistakes.push({ pointer: `/done/${index}/result${pointer}`, detail });
      }
    }
    if (mistakes.length >= mostMistakes) break;
  }
  return mistakes;
};
