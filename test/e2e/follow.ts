import assert from 'node:assert/strict';
import type { JobResult } from '@simfleet/contracts';
import type { Client } from './client.ts';

/** Between two connections, in milliseconds. */
const pauseMs = 20;

/** Follows a job to its result, over as many connections as it takes: every event must come once, in order. Ends with the signal. */
export const follow = async (
  client: Client,
  id: string,
  signal: AbortSignal,
): Promise<{ readonly result: JobResult; readonly events: number; readonly connections: number }> => {
  let last = 0;
  for (let connections = 1; !signal.aborted; connections++) {
    try {
      for await (const { id: position, event } of client.events(id, last, signal)) {
        assert.equal(position, last + 1, `event ${last + 1} of ${id} was missed or doubled`);
        last = position;
        if (event.type === 'result') return { result: event.result, events: last, connections };
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error(`the test ended before ${id} did`);
};
