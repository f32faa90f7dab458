import { apiVersion, customResources, resourceMarks } from '@simfleet/contracts';
import type { Job } from '@simfleet/contracts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import { labelsOfResource } from './resource-labels.ts';
import { specPatch } from './spec-patch.ts';

/** The resource of a job that was born in the API. */
export const apiResource = (job: Job, namespace: string): SimulationJob => ({
  apiVersion,
  kind: customResources.SimulationJob.kind,
  metadata: {
    ...{ name: job.name, namespace, labels: labelsOfResource(job.labels) },
    annotations: { [resourceMarks.jobId]: job.id },
    finalizers: [resourceMarks.jobFinalizer],
  },
  spec: job.spec,
});

/** Id of the job in the API that the resource was made for; null for what people applied. */
export const apiJobId = ({ metadata }: SimulationJob): string | null =>
  metadata.labels?.[resourceMarks.origin] === 'api' ? (metadata.annotations?.[resourceMarks.jobId] ?? null) : null;

/** What puts back what somebody changed by hand in the resource of a job of the API: JSON merge patch, or null. */
export const revertPatch = (resource: SimulationJob, job: Job): Readonly<Record<string, unknown>> | null => {
  const spec = specPatch(resource.spec, job.spec);
  const wanted = labelsOfResource(job.labels);
  const labels = Object.entries(wanted).filter(([key, value]) => resource.metadata.labels?.[key] !== value);
  if (spec === null && labels.length === 0) return null;
  return {
    ...(spec === null ? {} : { spec }),
    ...(labels.length === 0 ? {} : { metadata: { labels: Object.fromEntries(labels) } }),
  };
};
