import { createParser } from 'eventsource-parser';
import { errorCode, SimfleetError } from '@simfleet/contracts';
import type { JobResult, LiveEvent } from '@simfleet/contracts';
import type { Client } from '../connection/client.ts';
import { problemError } from '../connection/problem.ts';
import type { Terminal } from '../terminal.ts';

/** First and longest wait before the next attempt to connect, and how long to go on without any success; ms. */
const FIRST_WAIT = 200;
const LONGEST_WAIT = 5_000;
const GIVE_UP_AFTER = 120_000;
/** The platform sends a comment every 15 s: a connection silent for three times that is dead. */
const SILENT_AFTER = 45_000;
/** Largest event in characters; a result is a few kilobytes. */
const LARGEST_EVENT = 8 * 2 ** 20;

/** What watching one job takes. */
export interface FollowOptions {
  readonly client: Client;
  readonly terminal: Pick<Terminal, 'sleep' | 'now'>;
  readonly jobId: string;
  readonly signal: AbortSignal;
  /** An event in the order of its id; each id once. */
  onEvent(event: LiveEvent): void;
  /** The connection broke, or came back (null). */
  onTrouble(reason: string | null): void;
}

/** Position in the job's live log, kept over connections. */
interface Progress {
  lastId: number;
  /** Result that ends what was seen so far; dropped when anything follows, because an extended job goes on. */
  result: JobResult | null;
}

/** Faults of the line or of a platform that is starting or stopping: try again. Anything else is an answer. */
const isPassing = (error: unknown): boolean => {
  const code = errorCode(error);
  return code === undefined ? !(error instanceof RangeError) : code === 'unavailable' || code === 'internal';
};

const reasonOf = (error: unknown): string => {
  if (error instanceof SimfleetError) return error.detail;
  return 'the connection was cut';
};

const parserOf = (seen: Progress, options: FollowOptions, heard: () => void) =>
  createParser({
    maxBufferSize: LARGEST_EVENT,
    onEvent: ({ id, data }) => {
      const position = Number(id);
      if (!Number.isSafeInteger(position) || position <= seen.lastId) return;
      const event = JSON.parse(data) as LiveEvent;
      seen.lastId = position;
      seen.result = event.type === 'result' ? event.result : null;
      heard();
      options.onEvent(event);
    },
  });

/** Reads one connection to its end. Returns when the platform ended the stream; throws when it was cut. */
const readStream = async (seen: Progress, options: FollowOptions, heard: () => void): Promise<void> => {
  const silence = new AbortController();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (seen.lastId > 0) headers['last-event-id'] = String(seen.lastId);
  const response = await options.client.open(`/v1/jobs/${options.jobId}/events`, { headers, signal });
  if (!response.ok) throw problemError(response.status, await response.json().catch(() => null));
  if (response.body === null) return;
  heard();
  const parser = parserOf(seen, options, heard);
  const decoder = new TextDecoder();
  let timer = setTimeout(() => silence.abort(), SILENT_AFTER);
  try {
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENT_AFTER);
      parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    }
  } finally {
    clearTimeout(timer);
  }
};

/**
 * The stream ended after a result. That is the end of the job unless the stream was cut short by a platform that stopped
 * while it was replaying an extended job, so the result is asked for once more.
 */
const confirmed = async (options: FollowOptions, result: JobResult): Promise<JobResult | null> => {
  try {
    return (await options.client.request<JobResult>('GET', `/v1/jobs/${options.jobId}/result`)).body;
  } catch (error) {
    if (errorCode(error) === 'job-not-over') return null;
    // Removed since then, by its TTL: the event is all that is left.
    if (errorCode(error) === 'not-found') return result;
    throw error;
  }
};

/** The wait before attempt n (from 0): doubling, with jitter so that many watchers do not come back at once. */
const backoff = (attempt: number): number =>
  Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt) * (0.5 + Math.random() / 2);

/**
 * Follows a job's live events until its result, over any number of connections: each resumes after the last event seen
 * (Last-Event-ID, WHATWG HTML §9.2), so that nothing is lost or told twice, whoever goes away in between.
 * Throws the platform's refusal (`not-found`, `unauthenticated`, …), `unavailable` after two minutes without a connection,
 * and the signal's reason when it aborts.
 */
export const followJob = async (options: FollowOptions): Promise<JobResult> => {
  const seen: Progress = { lastId: 0, result: null };
  let attempt = 0;
  let lastHeard = options.terminal.now();
  let inTrouble = false;
  const heard = (): void => {
    attempt = 0;
    lastHeard = options.terminal.now();
    if (inTrouble) options.onTrouble(null);
    inTrouble = false;
  };
  for (;;) {
    try {
      await readStream(seen, options, heard);
      if (seen.result !== null) {
        const result = await confirmed(options, seen.result);
        if (result !== null) return result;
      }
    } catch (error) {
      options.signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      if (options.terminal.now() - lastHeard > GIVE_UP_AFTER) throw error;
      if (!inTrouble) options.onTrouble(reasonOf(error));
      inTrouble = true;
    }
    await options.terminal.sleep(backoff(attempt), options.signal);
    options.signal.throwIfAborted();
    attempt += 1;
  }
};
