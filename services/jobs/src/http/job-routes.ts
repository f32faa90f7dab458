import { createJob, job, jobEstimate, labels, page, patchJob } from '@simfleet/contracts';
import { defineRoute } from '@simfleet/http';
import type { Answer, Route } from '@simfleet/http';
import type { JobLook } from '@simfleet/contracts';
import type { Filter } from '@simfleet/storage';
import { z } from 'zod';
import type { Parts } from '../assemble.ts';
import type { StoredJob } from '../jobs/job-document.ts';
import { jobView } from '../jobs/job-view.ts';
import type { JobFilters, Lists } from './lists.ts';
import { allOf, answerRecord, ifMatchOf, ownFilter, visibleJob } from './visible.ts';

const tag = 'jobs';
const params = z.object({ id: z.string() });
const one = { description: 'The job.', schema: job };

/** JSON merge patch; what may change is decided member by member. */
const jobPatch = z.strictObject({
  labels: z.record(labels.keyType, labels.valueType.nullable()).optional(),
  spec: z.record(z.string(), z.json()).optional(),
  resource: patchJob.shape.resource,
});

/** CRUD of jobs, and what one would take. */
export const jobRoutes = (parts: () => Parts, lists: Lists): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/v1/jobs',
    operationId: 'createJob',
    summary: 'Create a job',
    tag,
    action: 'jobs.create',
    request: { body: createJob },
    responses: { 201: one },
    errors: ['already-exists', 'version-conflict', 'forbidden', 'engine-unavailable'],
    async handle(request) {
      const { body: input, principal, effectId } = request;
      request.authorize(input.customer);
      const stored = await parts().createJob({ input, principal, effectId });
      return answerJob(parts(), stored, 201);
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/jobs',
    operationId: 'listJobs',
    summary: 'List jobs, newest first',
    tag,
    action: 'jobs.read',
    request: { query: lists.jobs.query },
    responses: { 200: { description: 'A page of jobs.', schema: page(job) } },
    async handle({ query, principal, url }) {
      const { store, looks, surroundings } = parts();
      const now = surroundings.clock.now();
      return lists.jobs.answer({
        codec: surroundings.cursors,
        collection: store.collection,
        ...{ query, principal, url },
        ...allOf([...ownFilter(principal, 'customer'), ...filtersOf(query)]),
        show: async (rows) => {
          const known = await looks.page(rows);
          return rows.map((row) => jobView(row, known.get(row.id), now));
        },
      });
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/jobs/:id',
    operationId: 'getJob',
    summary: 'Read a job with its progress',
    tag,
    action: 'jobs.read',
    request: { params },
    responses: { 200: one },
    errors: ['not-found'],
    async handle(request) {
      const stored = await visibleJob(parts().store, request.params.id, request);
      const look = await parts().looks.one(stored);
      return answerLooked(parts(), stored, 200, look);
    },
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/jobs/:id',
    operationId: 'changeJob',
    summary: 'Change a job by JSON merge patch',
    description:
      'Shards, suspend, cancelled, deadlines, TTL, thresholds, labels and wider bounds change; any other member answers 409 `immutable`.',
    tag,
    action: 'jobs.change',
    request: { params, body: jobPatch },
    alsoAccepts: ['application/merge-patch+json'],
    responses: { 200: one },
    errors: ['not-found', 'immutable', 'job-over', 'precondition-failed'],
    async handle(request) {
      const { id } = await visibleJob(parts().store, request.params.id, request);
      const stored = await parts().changeJob.patch(id, request.body, request.principal, ifMatchOf(request));
      return answerJob(parts(), stored, 200);
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/v1/jobs/:id',
    operationId: 'deleteJob',
    summary: 'Delete a job that is over, with its ledger and its live history',
    tag,
    action: 'jobs.delete',
    request: { params },
    responses: { 204: { description: 'It is gone.' } },
    errors: ['not-found', 'job-not-over', 'owned-by-resource', 'precondition-failed'],
    async handle(request) {
      const { id } = await visibleJob(parts().store, request.params.id, request);
      await parts().deleteJob.delete(id, request.principal, ifMatchOf(request));
      return { status: 204 };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/v1/jobs\\:estimate',
    operationId: 'estimateJob',
    summary: 'Say what a job would take, from a trial of about half a second',
    tag,
    action: 'jobs.create',
    idempotent: false,
    request: { body: createJob },
    responses: { 200: { description: 'Expected paths and time.', schema: jobEstimate } },
    errors: ['forbidden', 'engine-unavailable', 'unavailable'],
    async handle(request) {
      request.authorize(request.body.customer);
      const { prepare, pilot } = parts();
      const { engine, parameters } = await prepare(request.body);
      const spec = { ...request.body.spec, parameters };
      return { status: 200, body: await pilot({ spec, engine, signal: request.signal }) };
    },
  }),
];

const filtersOf = (query: JobFilters): readonly Filter[] => [
  ...(['customer', 'name', 'service'] as const).flatMap((field): readonly Filter[] => {
    const value = query[field];
    return value === undefined ? [] : [{ op: 'eq', field, value }];
  }),
  ...(query.state.length === 0 ? [] : [{ op: 'in' as const, field: 'state', values: query.state }]),
  ...query.label.map((text) => {
    const at = text.indexOf('=');
    return { op: 'label' as const, key: text.slice(0, at), value: text.slice(at + 1) };
  }),
];

/** The job after a change of it, with what is known of its fold. */
export const answerJob = async (parts: Parts, stored: StoredJob, status: number): Promise<Answer> => {
  const looks = await parts.looks.page(status === 201 ? [] : [stored]);
  return answerLooked(parts, stored, status, looks.get(stored.id));
};

const answerLooked = ({ surroundings }: Parts, stored: StoredJob, status: number, look: JobLook | undefined): Answer =>
  answerRecord(
    status,
    stored.version,
    jobView(stored, look, surroundings.clock.now()),
    status === 201 ? { location: `/v1/jobs/${stored.id}` } : {},
  );
