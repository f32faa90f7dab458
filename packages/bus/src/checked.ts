import { errorCode, requests, SimfleetError, type Mistake, type RequestSubject } from '@simfleet/contracts';
import type { z } from 'zod';

const mistakesOf = (error: z.ZodError): readonly Mistake[] =>
  error.issues.map(({ path, message }) => ({ pointer: `/${path.map(String).join('/')}`, detail: message }));

/** Parses into a fresh copy. Throws the given code, naming every mistake. */
const checked = (schema: z.ZodType, value: unknown, code: 'invalid-request' | 'internal', what: string): unknown => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const mistakes = mistakesOf(parsed.error);
  const list = mistakes.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; ');
  throw new SimfleetError(code, `${what} has mistakes: ${list}`, { mistakes });
};

/** A fresh copy of a request's body. Throws `invalid-request` when it does not fit the schema of its subject. */
export const checkedRequest = (subject: RequestSubject, body: unknown): unknown =>
  checked(requests[subject].request, body, 'invalid-request', `The request ${subject}`);

/** A fresh copy of a reply's body. Throws `internal` when it does not fit the schema of its subject. */
export const checkedReply = (subject: RequestSubject, body: unknown): unknown =>
  checked(requests[subject].reply, body, 'internal', `The reply to ${subject}`);

/** What may cross of an error that a handler of requests threw: ours, by code; others would tell a caller about our inside. */
export const crossing = (error: unknown): SimfleetError =>
  errorCode(error) === undefined
    ? new SimfleetError('internal', 'The request could not be answered.', { cause: error })
    : (error as SimfleetError);
