import { SimfleetError, jobResult, liveEvent, requests } from '@simfleet/contracts';
import { defineRoute } from '@simfleet/http';
import type { Route, SseEvent } from '@simfleet/http';
import { isOver } from '@simfleet/domain';
import { z } from 'zod';
import type { Parts } from '../assemble.ts';
import { followJob } from '../live/follow.ts';
import type { FollowedEvent } from '../live/follow.ts';
import { visibleJob } from './visible.ts';

const tag = 'jobs';
const params = z.object({ id: z.string() });

const logsQuery = z.strictObject({
  shard: wholeNumber(0, 999).optional(),
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0).describe('`next` of the last answer.'),
  limit: wholeNumber(1, 1000).default(200),
});

/** What people and programs look at while a job runs, and after. */
export const watchRoutes = (parts: () => Parts): readonly Route[] => [
  defineRoute({
    method: 'get',
    path: '/v1/jobs/:id/result',
    operationId: 'getJobResult',
    summary: 'Read the result of a job that is over',
    tag,
    action: 'jobs.read',
    request: { params },
    responses: { 200: { description: 'The result.', schema: jobResult } },
    errors: ['not-found', 'job-not-over'],
    async handle(request) {
      const { doc } = await visibleJob(parts().store, request.params.id, request);
      if (doc.result !== null) return { status: 200, body: doc.result };
      throw new SimfleetError('job-not-over', `the job is ${doc.state}; its result exists once it has ended`);
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/jobs/:id/events',
    operationId: 'watchJob',
    summary: 'Follow a job live, as server-sent events',
    description:
      'Ids are 1, 2, 3, … without gaps. `Last-Event-ID` resumes without loss or repetition, also after a restart of the platform. The stream ends after the result; a stream resumed after it answers 204. Of a job that is over the older events may be gone, never the result.',
    tag,
    action: 'jobs.read',
    request: { params },
    responses: {
      200: { description: 'Live events.', schema: liveEvent, contentType: 'text/event-stream' },
      204: { description: 'The job is over and everything was told.' },
    },
    errors: ['not-found'],
    async handle(request) {
      const { store, live, completeLog, surroundings } = parts();
      const job = await visibleJob(store, request.params.id, request);
      const after = positionOf(request.lastEventId);
      const last = await live.last(job.id);
      if (after > last) throw badPosition(`is beyond the last event, ${last}`);
      if (isOver(job.doc) && after > 0) {
        await completeLog(job);
        if (after === (await live.last(job.id))) return { status: 204 };
      }
      const { bus, clock } = surroundings;
      const following = { live, bus, clock, complete: completeLog };
      const getJob = () => store.collection.get(job.id);
      return { events: asSse(followJob(job.id, { ...following, getJob, after, signal: request.signal })) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/jobs/:id/logs',
    operationId: 'readJobLogs',
    summary: 'Read the captured output of the shards, oldest first',
    tag,
    action: 'jobs.read',
    request: { params, query: logsQuery },
    responses: { 200: { description: 'Lines, and where to go on.', schema: requests['executor.read-logs'].reply } },
    errors: ['not-found', 'unavailable'],
    async handle(request) {
      const { store, surroundings } = parts();
      const { id } = await visibleJob(store, request.params.id, request);
      const { shard, after, limit } = request.query;
      const body = { jobId: id, after, limit, ...(shard === undefined ? {} : { shard }) };
      return { status: 200, body: await surroundings.bus.request('executor.read-logs', body) };
    },
  }),
];

function wholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^[0-9]{1,16}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be ${least} … ${most}`);
}

const positionOf = (lastEventId: string | undefined): number => {
  if (lastEventId === undefined || lastEventId === '') return 0;
  if (!/^[0-9]{1,15}$/.test(lastEventId)) throw badPosition('must be the id of an event of this job');
  return Number(lastEventId);
};

const badPosition = (detail: string): SimfleetError =>
  new SimfleetError('invalid-request', `Last-Event-ID ${detail}`, {
    mistakes: [{ pointer: '#header/Last-Event-ID', detail }],
  });

const asSse = async function* (events: AsyncIterable<FollowedEvent>): AsyncGenerator<SseEvent, void> {
  for await (const { id, event } of events) yield { id: String(id), event: event.type, data: event };
};
