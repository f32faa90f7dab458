import { randomUUID } from 'node:crypto';

/** The client's `X-Request-Id` when it is harmless in a log, a header and a URI reference; else a new one. */
export const requestIdOf = (header: string | readonly string[] | undefined): string =>
  typeof header === 'string' && /^[A-Za-z0-9._~-]{1,128}$/.test(header) ? header : randomUUID();
