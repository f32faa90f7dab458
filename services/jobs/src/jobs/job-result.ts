import type { Estimate, JobResult, StopReason, ThresholdStatus } from '@simfleet/contracts';
import { resultDigest } from '@simfleet/domain';
import type { Engine } from '@simfleet/domain';
import type { Crossing } from '../estimate/coordinator.ts';
import type { JobFold } from '../estimate/job-fold.ts';
import type { JobDocument } from './job-document.ts';

/** What a job has found so far; `fold` is null when its engine is not available. */
export interface Findings {
  readonly fold: JobFold | null;
  readonly engine: Engine | null;
  readonly crossings?: readonly Crossing[];
}

/** Only a job that ran to its end has a digest. */
export const isFullAnswer = (reason: StopReason): boolean => reason === 'PrecisionReached' || reason === 'Completed';

/** The result of a job that is over. */
export const resultOf = (
  id: string,
  job: JobDocument,
  { fold, engine }: Findings,
  platformVersion: string,
): JobResult => {
  const { stopReason } = job;
  if (stopReason === null) throw new Error('a job without a stop reason has no result');
  return {
    job: { id, name: job.name, customer: job.customer },
    state: job.state,
    stopReason,
    resultDigest: isFullAnswer(stopReason) && fold !== null ? digestOf(job, fold) : null,
    estimates: [...(fold?.estimates ?? [])],
    thresholds: [...thresholdsOf(job, fold)],
    references: engine === null ? [] : [...engine.references(job.parameters)],
    provenance: {
      service: { name: job.service.name, version: job.service.version },
      engine: job.service.engine,
      engineVersion: job.service.engineVersion,
      kernelHash: job.service.kernelHash,
      parameters: job.parameters,
      seed: job.spec.seed,
      generator: job.service.generator,
      blockSize: job.service.blockSize,
      blocks: fold?.prefix ?? 0,
      paths: fold?.paths ?? 0,
      platformVersion,
    },
  };
};

const digestOf = (job: JobDocument, fold: JobFold): string =>
  resultDigest({
    engine: job.service.engine,
    engineVersion: job.service.engineVersion,
    kernelHash: job.service.kernelHash,
    parameters: job.parameters,
    seed: job.spec.seed,
    blockSize: job.service.blockSize,
    folded: fold.state.folded,
  });

export const thresholdsOf = (job: JobDocument, fold: JobFold | null): readonly ThresholdStatus[] =>
  fold?.state.thresholds ?? job.spec.thresholds.map(({ name }) => ({ name, verdict: 'Undecided' }));

/** Estimates of a job that may be over. */
export const estimatesOfJob = (job: JobDocument, fold: JobFold | null): readonly Estimate[] =>
  job.result?.estimates ?? fold?.estimates ?? [];
