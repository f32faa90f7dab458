import assert from 'node:assert/strict';
import { openLiveSocket } from '@simfleet/testing';
import type { SocketEvent } from '@simfleet/testing';

/** Between two connections, in milliseconds. */
const pauseMs = 20;

export interface FollowedBySocket {
  readonly events: readonly SocketEvent[];
  /** Codes that connections ended with before the last one; 0 for those that could not be opened. */
  readonly closes: readonly number[];
}

export interface FollowOptions {
  readonly token: string;
  readonly signal: AbortSignal;
  /** Where to connect next. */
  urlOf(): string;
  /** Told each event. */
  onEvent?(event: SocketEvent): void;
}

/** Follows a job by sockets to its end, over as many connections as it takes: every event must come once, in order. Ends with the signal. */
export const followBySocket = async (id: string, options: FollowOptions): Promise<FollowedBySocket> => {
  const { token, signal, urlOf, onEvent } = options;
  const events: SocketEvent[] = [];
  const closes: number[] = [];
  let mistake: assert.AssertionError | null = null;
  const take = (event: SocketEvent): void => {
    const next = events.length + 1;
    if (event.id !== next) mistake ??= new assert.AssertionError({ message: `${event.id} came instead of ${next}` });
    events.push(event);
    onEvent?.(event);
  };
  while (!signal.aborted) {
    const onPush = (push: object): void => {
      if ('event' in push) take(push.event as SocketEvent);
    };
    const socket = await openLiveSocket({ url: urlOf(), token, onPush }).catch(() => null);
    const answer = await socket?.ask('watch', { job: id, after: events.length }).catch(() => null);
    const end = answer && 'ok' in answer ? await socket?.end(id).catch(() => null) : null;
    socket?.close();
    if (mistake !== null) throw mistake as Error;
    if (end) return { events, closes };
    closes.push(socket === null ? 0 : (await socket.closed).code);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error(`the test ended before ${id} did`);
};
