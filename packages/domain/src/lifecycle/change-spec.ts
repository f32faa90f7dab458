import { SimfleetError } from '@simfleet/contracts';
import type { ExtendJob, JobSpec, Mistake, PatchJob, Precision } from '@simfleet/contracts';

export type SpecPatch = NonNullable<PatchJob['spec']>;

export interface SpecChange {
  readonly spec: JobSpec;
  /** A bound got wider: everything is judged again from the first look. */
  readonly widened: boolean;
}

/**
 * Applies a change of the mutable members of a spec; null removes a deadline or the TTL. Bounds may only get wider: maxPaths raised,
 * errors of the precision lowered (an error may also go, if the other stays), its metric and confidence as they are.
 * Throws `immutable` with a pointer per mistake, and then nothing is changed.
 */
export const changeSpec = (old: JobSpec, patch: SpecPatch): SpecChange => {
  const mistakes = [...maxPathsMistakes(old, patch.maxPaths), ...precisionMistakes(old.precision, patch.precision)];
  if (mistakes.length > 0) throw new SimfleetError('immutable', 'Bounds of a job only get wider.', { mistakes });
  const spec = merge(old, patch);
  return { spec, widened: isWider(old, spec) };
};

/**
 * The change that `extend` asks for. Throws `immutable`, with pointers into the body of the request, for bounds that the job does not have
 * or that would get narrower.
 */
export const extendSpec = (old: JobSpec, { maxPaths, relativeError, absoluteError }: ExtendJob): SpecChange => {
  const precision = extendedPrecision(old.precision, { relativeError, absoluteError });
  try {
    return changeSpec(old, { ...(maxPaths === undefined ? {} : { maxPaths }), ...precision });
  } catch (error) {
    throw error instanceof SimfleetError ? withBodyPointers(error) : error;
  }
};

type Errors = Pick<ExtendJob, 'relativeError' | 'absoluteError'>;

const extendedPrecision = (
  old: Precision | undefined,
  { relativeError, absoluteError }: Errors,
): { precision?: Precision } => {
  const errors = withoutUndefined({ relativeError, absoluteError });
  if (Object.keys(errors).length === 0) return {};
  if (old !== undefined) return { precision: { ...old, ...errors } };
  const mistakes = Object.keys(errors).map((member) => ({ pointer: `/${member}`, detail: notThere }));
  throw new SimfleetError('immutable', 'The job has no precision to tighten.', { mistakes });
};

const withBodyPointers = ({ code, detail, mistakes }: SimfleetError): SimfleetError =>
  new SimfleetError(code, detail, {
    mistakes: mistakes.map((mistake) => ({ ...mistake, pointer: mistake.pointer.replace(/^.*\//, '/') })),
  });

const notThere = 'cannot be set: the job was created without it';

const maxPathsMistakes = (old: JobSpec, maxPaths: string | undefined): Mistake[] => {
  const pointer = '/spec/maxPaths';
  if (maxPaths === undefined) return [];
  if (old.maxPaths === undefined) return [{ pointer, detail: notThere }];
  if (Number(maxPaths) >= Number(old.maxPaths)) return [];
  return [{ pointer, detail: `must be at least ${old.maxPaths}: a bound is never lowered` }];
};

const precisionMistakes = (old: Precision | undefined, next: Precision | undefined): Mistake[] => {
  if (next === undefined) return [];
  if (old === undefined) return [{ pointer: '/spec/precision', detail: notThere }];
  return [
    ...(next.metric === old.metric ? [] : [{ pointer: '/spec/precision/metric', detail: `must stay ${old.metric}` }]),
    ...(Number(next.confidence) === Number(old.confidence)
      ? []
      : [{ pointer: '/spec/precision/confidence', detail: `must stay ${old.confidence}` }]),
    ...errorMistakes('relativeError', old, next),
    ...errorMistakes('absoluteError', old, next),
  ];
};

/** The target is the wider of both errors, so a new one beside the old one would loosen it. */
const errorMistakes = (member: 'relativeError' | 'absoluteError', old: Precision, next: Precision): Mistake[] => {
  const [before, after] = [old[member], next[member]];
  const pointer = `/spec/precision/${member}`;
  if (after === undefined) return [];
  if (before === undefined) return [{ pointer, detail: notThere }];
  return Number(after) <= Number(before)
    ? []
    : [{ pointer, detail: `must be at most ${before}: it is only tightened` }];
};

const removable = ['activeDeadlineSeconds', 'maxTotalSeconds', 'ttlSecondsAfterFinished'] as const;

const merge = (old: JobSpec, patch: SpecPatch): JobSpec => {
  const { activeDeadlineSeconds, maxTotalSeconds, ttlSecondsAfterFinished, ...rest } = patch;
  const removableValues = { activeDeadlineSeconds, maxTotalSeconds, ttlSecondsAfterFinished };
  const spec: JobSpec = { ...old, ...withoutUndefined(rest) };
  for (const member of removable) {
    const value = removableValues[member];
    if (value === null) delete spec[member];
    else if (value !== undefined) spec[member] = value;
  }
  return spec;
};

/** A patch may carry members set to undefined; they leave the old value. */
const withoutUndefined = <Members extends object>(members: Members): Defined<Members> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<Members>;

type Defined<Members> = { [Member in keyof Members]?: Exclude<Members[Member], undefined> };

const isWider = (old: JobSpec, next: JobSpec): boolean =>
  Number(next.maxPaths ?? 0) > Number(old.maxPaths ?? 0) ||
  isTighter(old.precision?.relativeError, next.precision?.relativeError) ||
  isTighter(old.precision?.absoluteError, next.precision?.absoluteError);

/** An error that is gone no longer widens the target. */
const isTighter = (before: string | undefined, after: string | undefined): boolean =>
  before !== undefined && (after === undefined || Number(after) < Number(before));

/** Members of a patch that a job that is over still accepts; the others answer `job-over`. */
const afterTheEnd: ReadonlySet<string> = new Set(['ttlSecondsAfterFinished', 'maxPaths', 'precision']);

/** Refuses to steer a job that is over: only its TTL and extensions change then. Throws `job-over` with a pointer per member. */
export const refuseSteering = (patch: SpecPatch): void => {
  const mistakes = Object.entries(patch)
    .filter(([member, value]) => value !== undefined && !afterTheEnd.has(member))
    .map(([member]) => ({ pointer: `/spec/${member}`, detail: 'cannot change: the job is over' }));
  if (mistakes.length > 0) throw new SimfleetError('job-over', 'The job is over.', { mistakes });
};
