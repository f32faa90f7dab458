import type { Estimate, JobLook, JobResult, StopReason, ThresholdStatus } from '@simfleet/contracts';
import { resultDigest } from '@simfleet/domain';
import type { Engine } from '@simfleet/domain';
import type { JobFold } from '../estimate/job-fold.ts';
import type { JobDocument } from './job-document.ts';

/** What a job has found so far. */
export interface Found {
  /** Null when its engine is not available. */
  readonly look: JobLook | null;
  /** The fold, where it is made: for the digest. */
  readonly fold: JobFold | null;
  readonly engine: Engine | null;
}

/** Only a job that ran to its end has a digest. */
export const isFullAnswer = (reason: StopReason): boolean => reason === 'PrecisionReached' || reason === 'Completed';

/** The result of a job that is over. */
export const resultOf = (
  id: string,
  job: JobDocument,
  { look, fold, engine }: Found,
  platformVersion: string,
): JobResult => {
  const { stopReason } = job;
  if (stopReason === null) throw new Error('a job without a stop reason has no result');
  return {
    job: { id, name: job.name, customer: job.customer },
    state: job.state,
    stopReason,
    resultDigest: isFullAnswer(stopReason) && fold !== null ? digestOf(job, fold) : null,
    estimates: look?.estimates ?? [],
    thresholds: [...thresholdsOf(job, look)],
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
      blocks: look?.progress.blocks ?? 0,
      paths: look?.progress.paths ?? 0,
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

export const thresholdsOf = (job: JobDocument, look: JobLook | null): readonly ThresholdStatus[] =>
  look?.thresholds ?? job.spec.thresholds.map(({ name }) => ({ name, verdict: 'Undecided' }));

/** Estimates of a job that may be over. */
export const estimatesOfJob = (job: JobDocument, look: JobLook | null): readonly Estimate[] =>
  job.result?.estimates ?? look?.estimates ?? [];
