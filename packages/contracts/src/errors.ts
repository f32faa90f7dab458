/** One row per way to fail. `status` is used at the HTTP edge only; `exit` is the CLI's exit code. */
interface ErrorRow {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  /** What happened and what to do, for the reference. */
  readonly meaning: string;
}

const row = (status: number, title: string, retryable: boolean, meaning: string): ErrorRow => ({
  status,
  title,
  retryable,
  meaning,
});

export const errorTable = {
  'invalid-request': row(
    422,
    'The request has mistakes',
    false,
    'Each entry of `errors` names a mistake by JSON pointer. Mend them and send the request again.',
  ),
  'malformed-body': row(
    400,
    'The body cannot be read',
    false,
    'The body is not UTF-8 or not JSON. Check its encoding and its syntax.',
  ),
  'body-too-large': row(413, 'The body is too large', false, 'Requests hold at most 1 MiB, reports 8 MiB.'),
  'unsupported-media-type': row(
    415,
    'The media type is not supported',
    false,
    'Send `Content-Type: application/json`.',
  ),
  unauthenticated: row(
    401,
    'Credentials are missing or wrong',
    false,
    'Send `Authorization: Bearer <token>`. On a local platform the token is in `admin-token` of the data directory.',
  ),
  forbidden: row(403, 'Not permitted', false, 'The credentials are good but do not permit this action.'),
  'not-found': row(404, 'Not found', false, 'There is no such resource, or it is not yours.'),
  'method-not-allowed': row(405, 'The method is not allowed here', false, 'The `Allow` header lists what is.'),
  'already-exists': row(
    409,
    'The name is taken',
    false,
    'Names are unique per customer. Choose another, or change the existing one.',
  ),
  'in-use': row(409, 'The resource is in use', false, 'Jobs still use it. End or delete them first.'),
  immutable: row(
    409,
    'The field cannot be changed',
    false,
    'Only shards, suspend, cancelled, deadlines, TTL, thresholds, labels and extensions change after creation.',
  ),
  'owned-by-resource': row(
    409,
    'The job belongs to a Kubernetes resource',
    false,
    'Its spec is that of a SimulationJob in a cluster. Change or delete that one; `suspend`, `resume`, `cancel` and `extend` work here too.',
  ),
  'job-over': row(409, 'The job is over', false, 'A finished job can be read, extended or deleted, not steered.'),
  'job-not-over': row(409, 'The job is not over', true, 'Its result exists once it has ended. Watch it, or cancel it.'),
  'not-reproducible': row(
    409,
    'A block was reported with different bytes',
    false,
    'The same block gave two results. The job fails with NotReproducible: check the simulation for hidden state and the machine for faults.',
  ),
  'version-conflict': row(409, 'The record changed meanwhile', true, 'Read it again and repeat the change.'),
  'precondition-failed': row(
    412,
    'The record changed meanwhile',
    true,
    'The `If-Match` header names another version. Read the record again.',
  ),
  'idempotency-conflict': row(
    422,
    'The Idempotency-Key was used for another request',
    false,
    'Use a new key for a new request.',
  ),
  'idempotency-in-progress': row(
    409,
    'The first request with this Idempotency-Key is still running',
    true,
    'Wait, then send it again.',
  ),
  'invalid-cursor': row(
    400,
    'The cursor does not fit this list',
    false,
    'A cursor is good for the list, filter, sort and customer it came from, until it expires. Start again without one.',
  ),
  'engine-unavailable': row(
    409,
    'The engine is not available',
    false,
    'The job is bound to an engine build that this platform does not have.',
  ),
  'storage-full': row(
    507,
    'The disk is full',
    true,
    'Nothing was written. Free space in the data directory; the platform goes on by itself.',
  ),
  'storage-damaged': row(
    500,
    'The store is damaged',
    false,
    'The database file cannot be read as one. Put a backup in its place, or choose another data directory.',
  ),
  'quota-exceeded': row(
    429,
    'A limit is reached',
    true,
    'Requests or jobs came faster than a policy admits; `violated-policies` names it. Nothing was done, and nothing of it was counted. Try again after `Retry-After`.',
  ),
  unavailable: row(
    503,
    'Not available right now',
    true,
    'The platform is starting, stopping or waiting for a part. Try again after `Retry-After`.',
  ),
  'data-directory-held': row(
    409,
    'Another platform holds the data directory',
    false,
    'Stop the other platform, or choose another `--data-dir`.',
  ),
  'port-in-use': row(409, 'The port is in use', false, 'Choose another with `--port`, or 0 for a free one.'),
  'invalid-configuration': row(
    500,
    'The configuration has mistakes',
    false,
    'Each mistake is named by option. Mend it and start again.',
  ),
  internal: row(
    500,
    'Something went wrong on our side',
    true,
    'The fault is logged under the request id in `instance`.',
  ),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** A mistake in a request; `pointer` is an RFC 6901 JSON pointer into the body, or `#query/name`, `#header/name`. */
export interface Mistake {
  readonly pointer: string;
  readonly detail: string;
}

/** What a limit says to what it does not admit. */
export interface Refusal {
  /** Names of the policies whose limit was reached. */
  readonly policies: readonly string[];
  /** Milliseconds until it would be admitted if nothing else came; null when it never will. */
  readonly retryAfterMs: number | null;
}

/**
 * The one error class. Recognise it by `code`, never by `instanceof`, so that it survives duplicate packages and the wire.
 * `detail` is safe to show to the caller; `cause` is for the log only.
 */
export class SimfleetError extends Error {
  override readonly name = 'SimfleetError';
  readonly code: ErrorCode;
  readonly detail: string;
  readonly mistakes: readonly Mistake[];
  /** Of `quota-exceeded`. */
  readonly refusal: Refusal | null;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { readonly mistakes?: readonly Mistake[]; readonly refusal?: Refusal; readonly cause?: unknown } = {},
  ) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.mistakes = options.mistakes ?? [];
    this.refusal = options.refusal ?? null;
  }
}

/** The code of an error of ours, or undefined for any other value. */
export const errorCode = (error: unknown): ErrorCode | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' && Object.hasOwn(errorTable, code) ? (code as ErrorCode) : undefined;
};
