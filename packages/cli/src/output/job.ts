import type { Job } from '@simfleet/contracts';
import { estimateText } from '../watch/progress-line.ts';
import type { Printable } from './format.ts';
import { age, compact, count, duration } from './numbers.ts';
import { facts, table } from './table.ts';

const headline = (job: Job): string => {
  const metric = job.spec.precision?.metric;
  const estimate = job.estimates.find((each) => each.name === metric) ?? job.estimates[0];
  return estimate === undefined ? '' : estimateText(estimate);
};

const done = (job: Job): string =>
  job.progress.fraction === null ? '' : `${Math.floor(job.progress.fraction * 100)} %`;

/** What a queued job waits for; a platform of an earlier release tells of nothing. */
const waitText = ({ waitsFor }: Job): string =>
  waitsFor === 'jobs-running' ? 'waits for its turn' : waitsFor === 'paths' ? 'waits for paths' : '';

/** A list of jobs, newest first as the platform answers it. `now` in ms since 1970. */
export const printableJobs = (jobs: readonly Job[], now: number): Printable => ({
  document: { items: jobs },
  names: jobs.map((job) => job.name),
  table: () =>
    table(
      ['NAME', 'STATE', 'REASON', 'SERVICE', 'ESTIMATE', 'DONE', 'SHARDS', 'AGE'],
      jobs.map((job) => [
        job.name,
        job.state,
        job.stopReason ?? waitText(job),
        job.service.name,
        headline(job),
        done(job),
        String(job.spec.shards),
        age(now - Date.parse(job.createdAt)),
      ]),
      { right: [5, 6, 7] },
    ),
});

const precisionText = ({ spec: { precision } }: Job): string | null => {
  if (precision === undefined) return null;
  const bounds = [
    precision.relativeError === undefined ? [] : [`relative error ${precision.relativeError}`],
    precision.absoluteError === undefined ? [] : [`absolute error ${precision.absoluteError}`],
  ].flat();
  return `${precision.metric}: ${bounds.join(' or ')} at confidence ${precision.confidence}`;
};

const workText = ({ progress }: Job): string => {
  const rate = (progress.pathsPerSecond ?? 0) === 0 ? '' : `, ${compact(progress.pathsPerSecond ?? 0)}/s`;
  const left = (progress.remainingSeconds ?? 0) === 0 ? '' : `, ${duration(progress.remainingSeconds ?? 0)} left`;
  return `${count(progress.paths)} paths in ${count(progress.blocks)} blocks${rate}${left}`;
};

const thresholdText = (job: Job): string =>
  job.spec.thresholds
    .map(({ name, metric, below, above, confidence }) => {
      const verdict = job.thresholds.find((each) => each.name === name)?.verdict ?? 'Undecided';
      const rule = below === undefined ? `above ${above}` : `below ${below}`;
      return `${name}: ${metric} ${rule} at confidence ${confidence}: ${verdict}`;
    })
    .join('\n');

const limits = ({ spec }: Job): string =>
  [
    spec.maxPaths === undefined ? [] : [`at most ${count(Number(spec.maxPaths))} paths`],
    spec.activeDeadlineSeconds === undefined ? [] : [`${spec.activeDeadlineSeconds} s since the last start`],
    spec.maxTotalSeconds === undefined ? [] : [`${spec.maxTotalSeconds} s of running`],
    spec.ttlSecondsAfterFinished === undefined ? [] : [`removed ${spec.ttlSecondsAfterFinished} s after its end`],
  ]
    .flat()
    .join(', ');

const jobFacts = (job: Job): string =>
  facts([
    ['name', job.name],
    ['id', job.id],
    ['customer', job.customer],
    [
      'labels',
      Object.entries(job.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join('\n'),
    ],
    ['state', job.stopReason === null ? job.state : `${job.state} (${job.stopReason})`],
    ['message', job.message],
    ['resource', job.resource === null ? null : `${job.resource.namespace}/${job.resource.name}`],
    [
      'service',
      `${job.service.name} version ${job.service.version}, engine ${job.service.engine} (kernel ${job.service.kernelHash.slice(0, 12)})`,
    ],
    [
      'parameters',
      Object.entries(job.spec.parameters)
        .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
        .join('\n'),
    ],
    ['seed', job.spec.seed],
    ['precision', precisionText(job)],
    ['limits', limits(job)],
    ['shards', `${job.spec.shards}, ${job.progress.activeShards} active`],
    ['estimates', job.estimates.map(estimateText).join('\n')],
    ['thresholds', thresholdText(job)],
    ['work', workText(job)],
    ['created', `${job.createdAt} by ${job.createdBy} (${job.origin})`],
    ['started', job.startedAt],
    ['finished', job.finishedAt],
    ['ran', job.accumulatedSeconds === 0 ? null : duration(job.accumulatedSeconds)],
    ['digest', job.resultDigest],
  ]);

/** One job in all its forms. */
export const printableJob = (job: Job): Printable => ({
  document: job,
  names: [job.name],
  table: () => jobFacts(job),
});
