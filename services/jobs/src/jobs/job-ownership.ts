import { SimfleetError } from '@simfleet/contracts';
import type { CreateJob, JobResource, Principal } from '@simfleet/contracts';
import { canonicalJson } from '@simfleet/domain';
import type { JobDocument } from './job-document.ts';

/** Resources are brought by the operator alone. Throws `forbidden`. */
export const refuseForeignResource = (resource: unknown, { kind }: Principal): void => {
  if (resource === undefined || kind === 'operator') return;
  throw new SimfleetError('forbidden', 'only the operator of a cluster may say which resource a job comes from');
};

/** The resource that has to be changed instead of the job; null when this principal changes the job itself. */
export const resourceToAsk = ({ resource }: JobDocument, { kind }: Principal): JobResource | null =>
  resource === undefined || kind === 'operator' ? null : resource;

/** The spec of a job that came from a resource flows from there only. Throws `owned-by-resource`. */
export const refuseChange = (job: JobDocument, by: Principal): void => {
  const resource = resourceToAsk(job, by);
  if (resource !== null) throw owned(resource);
};

/** Nobody would run it again: whatever ran it went with the resource. Throws `owned-by-resource`. */
export const refuseOrphan = ({ origin, resource }: JobDocument): void => {
  if (origin === 'kubernetes' && resource === undefined)
    throw new SimfleetError(
      'owned-by-resource',
      'the SimulationJob that the job came from is gone: apply it again, which makes a new job',
    );
};

export const owned = ({ namespace, name }: JobResource): SimfleetError =>
  new SimfleetError(
    'owned-by-resource',
    `the job belongs to SimulationJob ${namespace}/${name}: change or delete that`,
  );

/** Whether the resource asks for the job as it is: then creating it again is none. */
export const isSameJob = (job: JobDocument, { customer, name, labels, spec, resource }: CreateJob): boolean =>
  job.resource !== undefined &&
  job.customer === customer &&
  job.resource.name === (name ?? job.resource.name) &&
  canonicalJson([job.spec, job.labels, job.resource]) === canonicalJson([spec, labels, resource]);
