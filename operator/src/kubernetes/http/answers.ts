import type { IncomingMessage } from 'node:http';
import { KubernetesError } from '../errors.ts';

/** meta/v1 Status, as far as it is read. */
interface Status {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** Reads the body to its end. Throws `Unreachable` when the connection breaks in it. */
export const readText = async (answer: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(chunk as Buffer);
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'AbortError') throw cause;
    throw new KubernetesError('Unreachable', 'the answer of the Kubernetes API broke off', { cause });
  }
  return Buffer.concat(chunks).toString();
};

/** Throws `Unreachable` when it is no JSON: a proxy on the way, or an answer that broke off. */
export const parseBody = (text: string, status: number): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KubernetesError('Unreachable', `the Kubernetes API answered ${status} with what is no JSON`, {
      status,
      cause,
    });
  }
};

/** What an answer outside 2xx says. Reasons are the server's; those that it leaves out follow from the HTTP status. */
export const refusalOf = (text: string, httpStatus: number, retryAfter: string | undefined): KubernetesError => {
  let status: Status = {};
  try {
    status = JSON.parse(text) as Status;
  } catch {
    // Not a Status, such as the plain text of a 429: the HTTP status says enough.
  }
  return refusalOfStatus(status, httpStatus, retryAfter);
};

/** The same for a Status, such as that of an event of type ERROR in a watch. */
export const refusalOfStatus = (
  { reason, message, code, details }: Status,
  httpStatus?: number,
  retryAfter?: string,
): KubernetesError => {
  const status = httpStatus ?? code ?? 500;
  const seconds = Number(retryAfter ?? details?.retryAfterSeconds ?? 0);
  return new KubernetesError(
    reason === undefined || reason === '' ? (reasons[status] ?? 'InternalError') : reason,
    message ?? `the Kubernetes API answered ${status}`,
    { status, retryAfterMs: Number.isFinite(seconds) ? Math.max(seconds, 0) * 1000 : 0 },
  );
};

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};
