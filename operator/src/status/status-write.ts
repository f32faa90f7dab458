import type { SimulationJobStatus } from '@simfleet/contracts';
import { canonicalJson } from '@simfleet/domain';
import { isFinal } from './final.ts';

/** Whether, and when, a status is written. */
export type StatusWrite =
  | { readonly kind: 'nothing' }
  /** `patch`: JSON merge patch of the status. */
  | { readonly kind: 'now'; readonly patch: Readonly<Record<string, unknown>> }
  | { readonly kind: 'later'; readonly afterMs: number };

/** Least time between two statuses that differ in figures only: nothing per block goes to etcd. */
const figuresEveryMs = 10_000;

/** Conditions that change are told at once, figures and messages at most every ten seconds. `now`: milliseconds since 1970. */
export const statusWrite = (
  before: SimulationJobStatus | undefined,
  after: SimulationJobStatus,
  now: number,
): StatusWrite => {
  if (before !== undefined && canonicalJson(withoutTime(before)) === canonicalJson(withoutTime(after)))
    return { kind: 'nothing' };
  const left = figuresEveryMs - (now - Date.parse(before?.lastUpdatedTime ?? ''));
  const isUrgent = before === undefined || canonicalJson(turnsOf(before)) !== canonicalJson(turnsOf(after));
  if (!isUrgent && left > 0) return { kind: 'later', afterMs: Math.min(left, figuresEveryMs) };
  return { kind: 'now', patch: mergePatchOf(before ?? {}, after) };
};

const withoutTime = ({ lastUpdatedTime: _, ...rest }: SimulationJobStatus): Readonly<Record<string, unknown>> => rest;

/** What somebody may wait for. */
const turnsOf = (status: SimulationJobStatus): readonly unknown[] => [
  ...(status.conditions ?? []).map(({ type, status: is, reason }) => [type, is, reason]),
  [status.jobId ?? null, status.state ?? null, status.stopReason ?? null, status.run ?? null],
  [status.observedGeneration ?? null, status.resultDigest ?? null],
  isFinal(status.state) && status.counts?.shards.active === 0 ? status.counts.shards : null,
];

/** Members of the status are replaced whole; what is gone is removed. */
const mergePatchOf = (before: SimulationJobStatus, after: SimulationJobStatus): Readonly<Record<string, unknown>> => {
  const [old, next] = [before as Readonly<Record<string, unknown>>, after as Readonly<Record<string, unknown>>];
  const gone = Object.keys(old).filter((key) => next[key] === undefined);
  const changed = Object.keys(next).filter(
    (key) => canonicalJson(old[key] ?? null) !== canonicalJson(next[key] ?? null),
  );
  return Object.fromEntries([
    ...gone.map((key) => [key, null]),
    ...changed.map((key) => [key, replaced(old[key], next[key])]),
  ]) as Readonly<Record<string, unknown>>;
};

/** Objects merge, so what is no more in one has to be named. */
const replaced = (before: unknown, after: unknown): unknown => {
  if (!isPlain(before) || !isPlain(after)) return after;
  const gone = Object.keys(before).filter((key) => after[key] === undefined);
  return { ...after, ...Object.fromEntries(gone.map((key) => [key, null])) };
};

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
