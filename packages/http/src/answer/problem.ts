import { errorCode, errorTable } from '@simfleet/contracts';
import type { ErrorCode, Mistake, Problem, Refusal, SimfleetError } from '@simfleet/contracts';

/** Seconds after which a request that met a temporary fault may be sent again. */
const retryAfterSeconds: Readonly<Partial<Record<ErrorCode, number>>> = {
  unavailable: 1,
  'storage-full': 30,
  'idempotency-in-progress': 1,
};

/** Problem types that others have given a name (https://iana.org/assignments/http-problem-types). */
const registeredTypes: Readonly<Partial<Record<ErrorCode, string>>> = {
  'quota-exceeded': 'https://iana.org/assignments/http-problem-types#quota-exceeded',
};

export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** A fault of ours, to be logged with its cause. */
  readonly fault: boolean;
}

/** The body for an error (RFC 9457). An error that is not of our table tells the caller nothing but the request id. */
export const problemOf = (error: unknown, requestId: string): ProblemAnswer => {
  const code = errorCode(error) ?? 'internal';
  const { status, title, retryable, meaning } = errorTable[code];
  const known = code !== 'internal' && typeof error === 'object' && error !== null ? error : {};
  const { detail, mistakes, refusal } = known as Partial<Pick<SimfleetError, 'detail' | 'mistakes' | 'refusal'>>;
  const retryAfter = refusal ? waitOf(refusal) : retryAfterSeconds[code];
  return {
    problem: {
      type: registeredTypes[code] ?? `https://simfleet.dev/problems/${code}`,
      title,
      status,
      detail: detail ?? meaning,
      instance: requestId,
      code,
      retryable,
      errors: (mistakes ?? []).map(({ pointer, detail: text }: Mistake) => ({ pointer, detail: text })),
      ...(refusal ? { 'violated-policies': [...refusal.policies] } : {}),
    },
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...(code === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="simfleet"' } : {}),
    },
    fault: status >= 500 && code !== 'unavailable',
  };
};

/** Whole seconds, rounded up; undefined when waiting does not help. */
const waitOf = ({ retryAfterMs }: Refusal): number | undefined =>
  retryAfterMs === null ? undefined : Math.max(1, Math.ceil(retryAfterMs / 1000));
