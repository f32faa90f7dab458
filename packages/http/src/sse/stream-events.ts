import type { ServerResponse } from 'node:http';
import type { Clock } from '@simfleet/runtime';
import type { SseEvent } from './event.ts';

export interface StreamLimits {
  /** A comment this often keeps proxies from closing a quiet stream, and finds clients that are gone. */
  readonly heartbeatMs: number;
  /** Bytes that may wait in front of a slow client. Beyond it the connection is dropped; the client resumes by `Last-Event-ID`. */
  readonly bufferBytes: number;
  /** Longest wait for a client that reads nothing at all. */
  readonly stallMs: number;
  /** What clients are told to wait before they connect again. */
  readonly retryMs: number;
}

export const defaultStreamLimits: StreamLimits = {
  heartbeatMs: 15_000,
  bufferBytes: 1024 * 1024,
  stallMs: 60_000,
  retryMs: 1_000,
};

/** No cache and no proxy may hold events back. */
export const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

export interface StreamRequest {
  readonly response: ServerResponse;
  readonly events: AsyncIterable<SseEvent>;
  readonly clock: Clock;
  readonly limits: StreamLimits;
  /** Ends the stream cleanly: the client has gone, its token is not what it was, or the server stops. */
  readonly signal: AbortSignal;
}

/** Why a stream ended, for the log. */
export type StreamEnd = 'complete' | 'aborted' | 'too-slow';

/**
 * Sends events as they come (WHATWG HTML §9.2), one at a time and no faster than the client reads: the next event is asked for once the
 * last one has left. Throws what the iterable throws, with the connection ended; the client then resumes.
 */
export const streamEvents = async (request: StreamRequest): Promise<StreamEnd> => {
  const { response, clock, limits } = request;
  response.writeHead(200, streamHeaders);
  response.write(`retry: ${limits.retryMs}\n\n`);
  const stopHeartbeat = heartbeat(response, clock, limits.heartbeatMs);
  try {
    const end = await pump(request);
    // Ending politely would wait for the very client that does not read.
    if (end === 'too-slow') response.destroy();
    return end;
  } finally {
    stopHeartbeat();
    response.end();
  }
};

const pump = async ({ response, events, clock, limits, signal }: StreamRequest): Promise<StreamEnd> => {
  const iterator = events[Symbol.asyncIterator]();
  const gone = whenAborted(signal);
  try {
    while (!signal.aborted) {
      const next = await Promise.race([iterator.next(), gone.promise]);
      if (next === 'aborted') break;
      if (next.done === true) return 'complete';
      const flowing = response.write(frame(next.value));
      if (response.writableLength > limits.bufferBytes) return 'too-slow';
      if (!flowing && !(await drained(response, clock, limits.stallMs, gone.promise))) {
        return signal.aborted ? 'aborted' : 'too-slow';
      }
    }
    return 'aborted';
  } finally {
    gone.release();
    // Not awaited: a generator in the middle of a wait ends only when it sees the signal itself.
    iterator.return?.().catch(() => undefined);
  }
};

/** The event on the wire. JSON holds no line break, so one `data` line is enough. */
export const frame = ({ id, event, data }: SseEvent): string => {
  const type = event === undefined ? '' : `event: ${oneLine(event)}\n`;
  return `id: ${oneLine(id)}\n${type}data: ${JSON.stringify(data)}\n\n`;
};

const oneLine = (text: string): string => text.replaceAll(/[\0\r\n]/g, '');

const heartbeat = (response: ServerResponse, clock: Clock, ms: number): (() => void) => {
  let cancel = (): void => undefined;
  const arm = (): void => {
    cancel = clock.after(ms, () => {
      if (!response.writableNeedDrain) response.write(':\n\n');
      arm();
    });
  };
  arm();
  return () => cancel();
};

/** True once the client has read what waited; false when it did not in time, or the stream was ended. */
const drained = async (
  response: ServerResponse,
  clock: Clock,
  stallMs: number,
  gone: Promise<'aborted'>,
): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onDrain = (): void => resolve(true);
  response.once('drain', onDrain);
  const cancel = clock.after(stallMs, () => resolve(false));
  try {
    return (await Promise.race([promise, gone])) === true;
  } finally {
    cancel();
    response.off('drain', onDrain);
  }
};

const whenAborted = (signal: AbortSignal): { readonly promise: Promise<'aborted'>; release(): void } => {
  const { promise, resolve } = Promise.withResolvers<'aborted'>();
  const onAbort = (): void => resolve('aborted');
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return { promise, release: () => signal.removeEventListener('abort', onAbort) };
};
