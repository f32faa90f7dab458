import { errorCode, SimfleetError } from '@simfleet/contracts';

/** Our own states, raised by the functions of `migrations.ts`. */
export const otherData = 'SF001';
export const idTaken = 'SF002';

/** SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html, of a driver's error or of the cause of one of ours. */
export const stateOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  if (errorCode(error) !== undefined) return stateOf(error.cause);
  const { code } = error as { readonly code?: unknown };
  // Only PostgreSQL tells a severity: EPIPE is no SQLSTATE.
  return typeof code === 'string' && 'severity' in error ? code : undefined;
};

/** What PostgreSQL adds to the message: for `otherData` the key. */
export const detailOf = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'detail' in cause ? String(cause.detail) : '';
};

/**
 * The connection is ended or out of step (class 08), the server is going (57P), has become a standby (25006), or the plan of a prepared statement does
 * not fit its table any more (0A000), of which the connection would not recover.
 */
const unhealthy = /^(08|57P|25006|0A000)/;

/** Whether a connection can be used on after this error: PostgreSQL refused a statement and is well otherwise. */
export const isHealthyAfter = (error: unknown): boolean =>
  error instanceof Error &&
  'severity' in error &&
  error.severity === 'ERROR' &&
  !unhealthy.test(stateOf(error) ?? '08');

/** Which user, password, database or right the URL names: at the start a mistake of configuration. */
const refusals = new Set(['28000', '28P01', '3D000', '42501', '3F000']);

/** The server's certificate is not trusted (https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/ and Node's own), or it has no TLS. */
const isDistrust = (error: Error): boolean =>
  /CERT|SIGNATURE|HOSTNAME|INVALID_CA|INVALID_PURPOSE|^ERR_(TLS|SSL)/.test(
    String((error as { readonly code?: unknown }).code),
  ) || error.message === 'The server does not support SSL connections';

const told = (state: string | undefined): SimfleetErrorParts => {
  switch (state) {
    case '53100':
      return ['storage-full', 'The disk of the PostgreSQL server is full. Nothing was written.'];
    case '25006':
      return [
        'unavailable',
        'PostgreSQL is read-only: a standby, or default_transaction_read_only is on. Nothing was written.',
      ];
    case '42501':
      return ['unavailable', 'The user of PostgreSQL lacks a right.'];
    case '22021':
      return ['invalid-request', 'The text holds a character that PostgreSQL cannot keep.'];
    case '54000':
      return [
        'invalid-request',
        'The text of a sorted field is too long for an index of PostgreSQL (about 2,600 bytes).',
      ];
    case '54001':
      return ['invalid-request', 'The document is nested too deeply for PostgreSQL.'];
    case '57014':
      return ['unavailable', 'PostgreSQL took too long.'];
    case undefined:
      return ['unavailable', 'PostgreSQL does not answer.'];
    default:
      return ['unavailable', `PostgreSQL did not do what was asked (SQLSTATE ${state}).`];
  }
};
type SimfleetErrorParts = readonly [code: 'storage-full' | 'invalid-request' | 'unavailable', detail: string];

/** Errors of ours as they are; everything else by its SQLSTATE, `unavailable` unless it is known better. The driver's error is the cause. */
export const faultOf = (error: unknown): SimfleetError => {
  if (errorCode(error) !== undefined) return error as SimfleetError;
  const [code, detail] = told(stateOf(error));
  return new SimfleetError(code, detail, { cause: error });
};

/** The same at the start, where a refused user, database, right or certificate is a mistake of configuration, and who reads it may know the address. */
export const faultAtStart = (error: unknown): SimfleetError => {
  const fault = faultOf(error);
  const { cause } = fault;
  if (fault.code !== 'unavailable' || !(cause instanceof Error)) return fault;
  const state = stateOf(fault);
  if (isDistrust(cause)) {
    return new SimfleetError('invalid-configuration', `PostgreSQL is not trusted: ${cause.message}.`, { cause });
  }
  if (state !== undefined && refusals.has(state)) {
    return new SimfleetError('invalid-configuration', `PostgreSQL refuses the store: ${cause.message}.`, { cause });
  }
  return state === undefined
    ? new SimfleetError(fault.code, `PostgreSQL does not answer: ${cause.message}.`, { cause })
    : fault;
};
