import type { LiveEvent, WatchEnd } from '@simfleet/contracts';

/** Watchers of a job in this process subscribe to this. */
export const topicOf = (jobId: string): string => `job:${jobId}`;

/** What a watcher is sent for an event: the one that the SSE stream has under this id. */
export const eventPush = (job: string, id: number, event: LiveEvent): string =>
  JSON.stringify({ job, event: { id, ...event } });

/** Behind it nothing comes of this watch. `last` is the id of the last event that the watcher was sent, or had before. */
export const endPush = (job: string, last: number, reason: WatchEnd): string =>
  JSON.stringify({ job, end: { last, reason } });
