import { z } from 'zod';
import { liveEvent } from './live.ts';
import type { LiveEvent } from './live.ts';
import { problem } from './problem.ts';

/** Subprotocol (RFC 6455 §1.9) that a client asks for and the server chooses. A change that breaks clients has another name. */
export const socketProtocol = 'simfleet.v1';
/** The only path at which there are sockets. */
export const socketPath = '/v1/socket';

/**
 * Codes with which the server closes (RFC 6455 §7.4), beside those of the standard. From 4000 the client comes back and resumes, from 4500 it does not: it has
 * something to mend first. The reason is the word beside the code. After 1006 (the connection broke), 1011 and 1012 a client comes back as well.
 */
export const socketCloses = {
  'service-restart': { code: 1012, meaning: 'The server stops; another one takes over, or this one comes back.' },
  internal: { code: 1011, meaning: 'Something went wrong on our side; it is logged. Come back.' },
  'access-changed': {
    code: 4003,
    meaning:
      'The token is good, and what it may do is not what it was. Connect again and resume what it may still see.',
  },
  'slow-consumer': {
    code: 4008,
    meaning: 'More waited for the client than its budget. Nothing was dropped silently: connect again and resume.',
  },
  'try-later': {
    code: 4029,
    meaning:
      'A limit refused the connection, or could not be asked; the answer to `connect` says why and, in `retryAfterMs`, when to come back.',
  },
  unauthenticated: { code: 4501, meaning: 'No good token came in time, or the token is good no more.' },
  'bad-request': {
    code: 4504,
    meaning: 'What came is no message of the protocol: not JSON, not text, or without `id`.',
  },
} as const;
export type SocketClose = keyof typeof socketCloses;

/** Chosen by the client; the answer carries the same. One that repeats is the client’s own affair. */
const messageId = z.int().min(1);
const jobId = z.string().min(1).max(253);
const position = z.int().min(0);

export const connectBody = z.strictObject({ token: z.string().min(1).max(4096) });
export const watchBody = z.strictObject({ job: jobId, after: position.default(0) });
export const unwatchBody = z.strictObject({ job: jobId });

/** What a client sends. `connect` comes first, unless `Authorization` came with the upgrade. */
export const clientMessage = z.union([
  z.strictObject({ id: messageId, connect: connectBody }),
  z.strictObject({ id: messageId, watch: watchBody }),
  z.strictObject({ id: messageId, unwatch: unwatchBody }),
]);
export type ClientMessage = z.input<typeof clientMessage>;

/** `over`: the result was told. `deleted`: the job is gone. */
export const watchEnd = z.enum(['over', 'deleted']);
export type WatchEnd = z.infer<typeof watchEnd>;

/** A live event with its id, the very one that the SSE stream has. */
export type PushedEvent = LiveEvent & { readonly id: number };

const withId = liveEvent.options.map((shape) => shape.extend({ id: z.int().min(1) }));
const pushedEvent = z.union(withId) as unknown as z.ZodType<PushedEvent>;

/** The answer to a message: `ok` or why not. */
export const socketReply = z.union([
  z.strictObject({ id: messageId, ok: z.record(z.string(), z.unknown()) }),
  /** `retryAfterMs`: when the same may be asked again; absent where time alone changes nothing. */
  z.strictObject({ id: messageId, error: problem, retryAfterMs: z.int().min(0).optional() }),
]);

/** What the server sends by itself: events of watched jobs, in the order of their ids, and the end of a watch with the id of the last event. */
export const socketPush = z.union([
  z.strictObject({ job: jobId, event: pushedEvent }),
  z.strictObject({ job: jobId, end: z.strictObject({ last: position, reason: watchEnd }) }),
]);

export const serverMessage = z.union([...socketReply.options, ...socketPush.options]);
export type ServerMessage = z.infer<typeof serverMessage>;
