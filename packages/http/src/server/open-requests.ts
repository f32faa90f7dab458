import type { ServerResponse } from 'node:http';

/** Requests under way, so that a stop can end the streams at once and the others when their time is up. */
export interface OpenRequests {
  /** The signal aborts when the connection closes, at `endStreams` for a stream, and at `endAll`. */
  add(response: ServerResponse, streams: boolean): AbortSignal;
  endStreams(): void;
  endAll(): void;
}

export const createOpenRequests = (): OpenRequests => {
  const open = new Map<AbortController, boolean>();
  let streamsEnded = false;
  return {
    add(response, streams) {
      const controller = new AbortController();
      open.set(controller, streams);
      response.once('close', () => {
        open.delete(controller);
        controller.abort();
      });
      if (streams && streamsEnded) controller.abort();
      return controller.signal;
    },
    endStreams() {
      streamsEnded = true;
      for (const [controller, streams] of open) if (streams) controller.abort();
    },
    endAll() {
      for (const controller of open.keys()) controller.abort();
    },
  };
};
