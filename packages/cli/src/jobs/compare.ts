import { isDeepStrictEqual } from 'node:util';
import { mutableMembers, removableMembers } from '@simfleet/contracts';
import type { Job, JobSpec, SimulationJobManifest } from '@simfleet/contracts';

/** What applying a manifest to a job that exists comes to. */
export interface Difference {
  /** The change that the platform is asked for, a JSON merge patch (RFC 7396); undefined = nothing to change. */
  readonly patch: Readonly<Record<string, object>> | undefined;
  /** Members that differ and never change after creation, with both values. */
  readonly refused: readonly { readonly path: readonly string[]; readonly detail: string }[];
}

type Member = keyof JobSpec;

const fixed = [
  'serviceRef',
  'seed',
  'backoffLimitPerIndex',
  'queueName',
  'priorityClassName',
  'podTemplate',
] as const satisfies readonly Member[];

/** Actions (`simfleet suspend`) set these: a manifest that does not speak of them leaves them as they are. */
const leftToActions: readonly Member[] = ['suspend', 'cancelled'];

/** Limits that a manifest takes away by leaving them out. */
const removable: readonly Member[] = removableMembers;

const shown = (value: unknown): string => (value === undefined ? 'not set' : JSON.stringify(value));

const refusal = (path: readonly string[], now: unknown, wanted: unknown) => ({
  path: ['spec', ...path],
  detail: `cannot change after creation: is ${shown(now)}, the manifest says ${shown(wanted)}`,
});

/** The job keeps its version: a manifest that names none goes with whichever it has. */
const sameService = (job: Job, wanted: JobSpec['serviceRef']): boolean =>
  wanted.name === job.service.name && (wanted.version === undefined || wanted.version === job.service.version);

const fixedDifferences = (job: Job, wanted: JobSpec) =>
  fixed.flatMap((member) => {
    const same =
      member === 'serviceRef'
        ? sameService(job, wanted.serviceRef)
        : isDeepStrictEqual(job.spec[member], wanted[member]);
    const now = member === 'serviceRef' ? { name: job.service.name, version: job.service.version } : job.spec[member];
    return same ? [] : [refusal([member], now, wanted[member])];
  });

/** Parameters one by one; `defaults` are the service's, which the job took for what its manifest left out. */
const parameterDifferences = (job: Job, wanted: JobSpec, defaults: Readonly<Record<string, unknown>>) => {
  const complete: Record<string, unknown> = { ...defaults, ...wanted.parameters };
  const has: Record<string, unknown> = { ...defaults, ...job.spec.parameters };
  const names = [...new Set([...Object.keys(has), ...Object.keys(complete)])];
  return names
    .filter((name) => !isDeepStrictEqual(has[name], complete[name]))
    .map((name) => refusal(['parameters', name], has[name], complete[name]));
};

const changes = (
  job: Job,
  wanted: JobSpec,
  isSaid: (member: Member) => boolean,
): readonly (readonly [Member, unknown])[] =>
  mutableMembers
    .filter((member) => !isDeepStrictEqual(job.spec[member], wanted[member]))
    .filter((member) => isSaid(member) || !leftToActions.includes(member))
    .map((member) => [member, wanted[member] ?? (removable.includes(member) ? null : undefined)]);

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON merge patch (RFC 7396) that turns one value into the other: members that are gone become null. */
const mergePatch = (before: unknown, after: unknown): unknown => {
  if (!isMap(before) || !isMap(after)) return after;
  const members = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.fromEntries(
    members
      .filter((member) => !isDeepStrictEqual(before[member], after[member]))
      .map((member) => [member, after[member] === undefined ? null : mergePatch(before[member], after[member])]),
  );
};

/** Compares a manifest with the job of its name. `written`: the members of `spec` that the file itself has. Pure. */
export const compareJob = (
  job: Job,
  manifest: SimulationJobManifest,
  written: readonly string[],
  defaults: Readonly<Record<string, unknown>>,
): Difference => {
  const wanted = manifest.spec;
  const changed = changes(job, wanted, (member) => written.includes(member));
  // A bound cannot be taken away: without it the job might never end.
  const dropped = changed.filter(([, value]) => value === undefined);
  const refused = [
    ...fixedDifferences(job, wanted),
    ...parameterDifferences(job, wanted, defaults),
    ...dropped.map(([member]) => refusal([member], job.spec[member], undefined)),
  ];
  const kept = changed.filter(([, value]) => value !== undefined);
  const spec = Object.fromEntries(kept.map(([member, value]) => [member, mergePatch(job.spec[member], value)]));
  const labels = mergePatch(job.labels, manifest.metadata.labels) as object;
  const patch = Object.entries({ labels, spec }).filter(([, part]) => Object.keys(part).length > 0);
  return { patch: patch.length === 0 ? undefined : Object.fromEntries(patch), refused };
};
