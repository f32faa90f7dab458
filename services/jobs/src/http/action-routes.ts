import { extendJob, job } from '@simfleet/contracts';
import { defineRoute } from '@simfleet/http';
import type { Route } from '@simfleet/http';
import { z } from 'zod';
import type { Parts } from '../assemble.ts';
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
export const actionRoutes = (parts: () => Parts): readonly Route[] => [
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
      errors: ['not-found', 'job-over', 'precondition-failed'],
      async handle(request) {
        const { id } = await visibleJob(parts().store, request.params.id, request);
        const stored = await parts().steerJob[verb](id, request.principal, ifMatchOf(request));
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
    errors: ['not-found', 'immutable', 'job-over', 'engine-unavailable', 'precondition-failed'],
    async handle(request) {
      const { id } = await visibleJob(parts().store, request.params.id, request);
      const stored = await parts().changeJob.extend(id, request.body, request.principal, ifMatchOf(request));
      return answerJob(parts(), stored, 200);
    },
  }),
];
