import { errorTable, type ErrorCode, type Problem } from '@simfleet/contracts';
import type { UpgradeAnswer } from '../server.ts';

export type Refusal = Extract<UpgradeAnswer<never>, { readonly accept: false }>;

/** An HTTP answer with an RFC 9457 problem. */
export const refusal = (
  code: ErrorCode,
  detail: string,
  {
    status = errorTable[code].status,
    headers = {},
  }: { readonly status?: number; readonly headers?: Refusal['headers'] } = {},
): Refusal => {
  const { title, retryable } = errorTable[code];
  const body: Problem = {
    type: `https://simfleet.dev/problems/${code}`,
    title,
    status,
    detail,
    instance: '',
    code,
    retryable,
    errors: [],
  };
  return {
    accept: false,
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(code === 'unavailable' ? { 'retry-after': '1' } : {}),
      ...headers,
    },
    body: JSON.stringify(body),
  };
};

/** To whoever comes to a server that stops. */
export const going = (): Refusal => refusal('unavailable', 'The server is going. Come back to another one.');
