import type { Logger, Metrics } from '@simfleet/runtime';
import type { Publish, SocketVerb } from '@simfleet/sockets';
import type { Parts } from '../assemble.ts';
import { followJob } from '../live/follow.ts';
import { measureWatching } from './measure-watching.ts';
import { watchVerbs } from './watch-verbs.ts';
import { openWatching } from './watching.ts';

/** The verbs of the service on one server of sockets, and what ends all that clients watch by them. */
export interface JobVerbs {
  readonly verbs: readonly SocketVerb[];
  close(): void;
}

/** What the server of sockets gives. */
export interface VerbNeeds {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly publish: Publish;
}

export const openJobVerbs = (
  { store, live, completeLog, surroundings }: Parts,
  { metrics, logger, publish }: VerbNeeds,
): JobVerbs => {
  const { bus, clock } = surroundings;
  const watching = openWatching({
    follow: (jobId, after, signal) =>
      followJob(jobId, {
        ...{ live, bus, clock, complete: completeLog, after, signal },
        getJob: () => store.collection.get(jobId),
      }),
    read: live.read,
    ...{ publish, clock, logger, observer: measureWatching(metrics) },
  });
  return { verbs: watchVerbs({ store, live, watching }), close: watching.close };
};
