/**
 * Why a socket was closed, as its client sees it. 4000 to 4499 and 1012 mean come back and resume, 4500 to 4999 mean do not come back as you are.
 */
export const closeCodes = {
  normal: { code: 1000, reason: '' },
  /** The server goes; another one, or the next, takes the client. */
  serviceRestart: { code: 1012, reason: 'service-restart' },
  /** A handler threw: a fault of ours, in the log. */
  internal: { code: 1011, reason: 'internal' },
  /** Who the token is of may see other things than when the connection began. It comes back, and is asked about everything anew. */
  accessChanged: { code: 4003, reason: 'access-changed' },
  /** More bytes waited than the budget. What was received has no gap: resume after it. */
  slowConsumer: { code: 4008, reason: 'slow-consumer' },
  /** A limit refused the connection, or could not be asked. */
  tryLater: { code: 4029, reason: 'try-later' },
  unauthenticated: { code: 4501, reason: 'unauthenticated' },
  forbidden: { code: 4503, reason: 'forbidden' },
  badRequest: { code: 4504, reason: 'bad-request' },
} as const satisfies Readonly<Record<string, CloseVerdict>>;

export interface CloseVerdict {
  /** RFC 6455 §7.4. */
  readonly code: number;
  /** At most 123 bytes in UTF-8. */
  readonly reason: string;
}

/** The connection ended without a closing handshake (RFC 6455 §7.1.5); never on the wire. */
export const brokenConnection: CloseVerdict = { code: 1006, reason: '' };

/** Codes that RFC 6455 §7.4 and its registry let an endpoint send. */
const maySend = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999);

/** What is wrong with a verdict, or null. */
export const closeMistake = ({ code, reason }: CloseVerdict): string | null => {
  if (!Number.isInteger(code) || !maySend(code)) return `${code} is no close code that may be sent`;
  return Buffer.byteLength(reason) > 123 ? 'a close reason has at most 123 bytes' : null;
};
