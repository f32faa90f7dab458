import { extendJob, job } from '@simfleet/contracts';
import { defineRoute } from '@simfleet/http';
import type { RequestContext, Route } from '@simfleet/http';
import { z } from 'zod';
import type { Parts } from '../assemble.ts';
import type { StoredJob } from '../jobs/job-document.ts';
import { resourceToAsk } from '../jobs/job-ownership.ts';
import type { OwnedJob, SteerResource } from '../jobs/steer-resource.ts';
import { answerJob } from './job-routes.ts';
import { ifMatchOf, visibleJob } from './visible.ts';

const tag = 'jobs';
const params = z.object({ id: z.string() });
const one = { description: 'The job.', schema: job };

const steering = {
  suspend: 'Suspend a job: its shards hand back their leases; blocks done stay done',
  resume: 'Resume a suspended job',
  cancel: 'Cancel a job for good',
} as const;

/** Actions on jobs. */
export const actionRoutes = (parts: () => Parts): readonly Route[] => {
  /** Null when the job does not come from a resource that has to be asked. */
  const throughResource: ThroughResource = async (request, job, steer) => {
    const resource = resourceToAsk(job.doc, request.principal);
    if (resource === null) return null;
    ifMatchOf(request)(job.version);
    return steer(parts().steerResource, { job, resource, by: request.principal });
  };
  return routes(parts, throughResource);
};

type ThroughResource = (
  request: RequestContext,
  job: StoredJob,
  steer: (through: SteerResource, owned: OwnedJob) => Promise<StoredJob>,
) => Promise<StoredJob | null>;

const routes = (parts: () => Parts, throughResource: ThroughResource): readonly Route[] => [
  ...(['suspend', 'resume', 'cancel'] as const).map((verb) =>
    defineRoute({
      method: 'post',
      path: `/v1/jobs/:id\\:${verb}`,
      operationId: `${verb}Job`,
      summary: steering[verb],
      tag,
      action: `jobs.${verb}`,
      request: { params, body: z.strictObject({}).optional() },
      responses: { 200: one },
      errors: ['not-found', 'job-over', 'owned-by-resource', 'unavailable', 'precondition-failed'],
      async handle(request) {
        const job = await visibleJob(parts().store, request.params.id, request);
        const stored =
          (await throughResource(request, job, (steer, owned) => steer[verb](owned))) ??
          (await parts().steerJob[verb](job.id, request.principal, ifMatchOf(request)));
        return answerJob(parts(), stored, 200);
      },
    }),
  ),
  defineRoute({
    method: 'post',
    path: '/v1/jobs/:id\\:extend',
    operationId: 'extendJob',
    summary: 'Give a job wider bounds; one that has succeeded runs on',
    description: 'Its digest then equals that of a fresh job with the final bounds.',
    tag,
    action: 'jobs.extend',
    request: { params, body: extendJob },
    responses: { 200: one },
    errors: [
      'not-found',
      'immutable',
      'job-over',
      'owned-by-resource',
      'engine-unavailable',
      'unavailable',
      'precondition-failed',
    ],
    async handle(request) {
      const job = await visibleJob(parts().store, request.params.id, request);
      const { body, principal } = request;
      const stored =
        (await throughResource(request, job, (steer, owned) => steer.extend(owned, body))) ??
        (await parts().changeJob.extend(job.id, body, principal, ifMatchOf(request)));
      return answerJob(parts(), stored, 200);
    },
  }),
];
