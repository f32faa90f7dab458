import type { Job, JobLook, Progress } from '@simfleet/contracts';
import { runningSeconds } from '@simfleet/domain';
import { noProgress } from '@simfleet/contracts';
import { waitsFor } from '../quotas/place.ts';
import { timeText } from './job-document.ts';
import type { JobDocument, StoredJob } from './job-document.ts';
import { estimatesOfJob, thresholdsOf } from './job-result.ts';

/** A job as the API shows it. Without a look at its fold an active job shows no progress: it is not folded just to be listed. */
export const jobView = ({ id, doc }: StoredJob, look: JobLook | undefined, now: number): Job => ({
  id,
  customer: doc.customer,
  name: doc.name,
  labels: { ...doc.labels },
  origin: doc.origin,
  resource: doc.resource ?? null,
  createdBy: doc.createdBy,
  createdAt: doc.createdAt,
  startedAt: textOrNull(doc.startedAt),
  finishedAt: textOrNull(doc.finishedAt),
  generation: doc.generation,
  run: doc.run,
  spec: doc.spec,
  service: {
    name: doc.service.name,
    version: doc.service.version,
    engine: doc.service.engine,
    kernelHash: doc.service.kernelHash,
  },
  state: doc.state,
  stopReason: doc.stopReason,
  message: doc.message,
  waitsFor: waitsFor(doc),
  accumulatedSeconds: runningSeconds(doc, now),
  progress: progressOfJob(doc, look),
  estimates: [...estimatesOfJob(doc, look ?? null)],
  thresholds: [...(doc.result?.thresholds ?? thresholdsOf(doc, look ?? null))],
  resultDigest: doc.result?.resultDigest ?? null,
});

const progressOfJob = (job: JobDocument, look: JobLook | undefined): Progress => {
  if (job.result === null) return look?.progress ?? noProgress;
  const { blocks, paths } = job.result.provenance;
  const fraction = job.state === 'Succeeded' ? 1 : null;
  return { ...noProgress, blocks, paths, blocksReported: job.blocksReported, fraction, remainingSeconds: 0 };
};

const textOrNull = (time: number | null): string | null => (time === null ? null : timeText(time));
