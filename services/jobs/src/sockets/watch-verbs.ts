import { SimfleetError, unwatchBody, watchBody } from '@simfleet/contracts';
import { mistakesOf } from '@simfleet/http';
import type { Peer, SocketVerb } from '@simfleet/sockets';
import type { z } from 'zod';
import type { JobStore } from '../jobs/job-store.ts';
import type { LiveLog } from '../live/live-log.ts';
import type { Watching } from './watching.ts';

/** Jobs that one connection may watch at a time. */
export const mostWatches = 100;

export interface WatchVerbParts {
  readonly store: Pick<JobStore, 'need'>;
  readonly live: Pick<LiveLog, 'last'>;
  readonly watching: Watching;
}

/** `watch` and `unwatch`: the live events of any jobs over one connection, the same as `GET /v1/jobs/{id}/events` streams. */
export const watchVerbs = ({ store, live, watching }: WatchVerbParts): readonly SocketVerb[] => {
  /** What ends each watch, by job, of each connection. */
  const watches = new WeakMap<Peer, Map<string, () => void>>();
  const watchesOf = (peer: Peer): Map<string, () => void> => {
    const found = watches.get(peer) ?? new Map<string, () => void>();
    watches.set(peer, found);
    return found;
  };
  return [
    {
      name: 'watch',
      operation: 'watchJob',
      action: 'jobs.read',
      async handle({ peer, body, permits }) {
        const { job: jobId, after } = checked('watch', watchBody, body);
        const own = watchesOf(peer);
        if (own.has(jobId)) throw mistake('/watch/job', 'is watched by this connection already');
        if (own.size >= mostWatches)
          throw mistake('/watch/job', `would be one too many: a connection watches at most ${mostWatches}`);
        const job = await store.need(jobId);
        if (!permits(job.doc.customer)) throw new SimfleetError('not-found', `there is no job "${jobId}"`);
        const last = await live.last(jobId);
        if (after > last) throw mistake('/watch/after', `is beyond the last event, ${last}`);
        const onEnd = (): void => void own.delete(jobId);
        const start = (): void => void own.set(jobId, watching.start(peer, { jobId, after, last, onEnd }));
        return { ok: { job: jobId, last }, after: start };
      },
    },
    {
      name: 'unwatch',
      operation: 'unwatchJob',
      action: 'jobs.read',
      async handle({ peer, body }) {
        const { job } = checked('unwatch', unwatchBody, body);
        const end = watchesOf(peer).get(job);
        if (end === undefined) throw new SimfleetError('not-found', `this connection does not watch "${job}"`);
        watchesOf(peer).delete(job);
        end();
        return { ok: { job } };
      },
    },
  ];
};

const checked = <Shape extends z.ZodType>(verb: string, shape: Shape, body: unknown): z.output<Shape> => {
  const read = shape.safeParse(body);
  if (read.success) return read.data;
  const mistakes = mistakesOf('body', shape, read.error.issues);
  throw new SimfleetError('invalid-request', `the body of ${verb} has mistakes`, {
    mistakes: mistakes.map(({ pointer, detail }) => ({ pointer: `/${verb}${pointer}`, detail })),
  });
};

const mistake = (pointer: string, detail: string): SimfleetError =>
  new SimfleetError('invalid-request', `${pointer} ${detail}`, { mistakes: [{ pointer, detail }] });
