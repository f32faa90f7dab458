import { errorCode, SimfleetError } from '@simfleet/contracts';

/** Our own states, raised by the functions of `migrations.ts`. */
export const otherData = 'SF001';
export const idTaken = 'SF002';

/** SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html, of a driver's error or of the cause of one of ours. */
export const stateOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  if (errorCode(error) !== undefined) return stateOf(error.cause);
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
};

/** What PostgreSQL adds to the message: for `otherData` the key. */
export const detailOf = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'detail' in cause ? String(cause.detail) : '';
};

/** Whether a connection can be used on after this error: PostgreSQL refused a statement and is well otherwise. */
export const isHealthyAfter = (error: unknown): boolean =>
  error instanceof Error &&
  'severity' in error &&
  error.severity === 'ERROR' &&
  !/^(57P|08)/.test(stateOf(error) ?? '08');

/** Which user, password, database or right the URL names: at the start a mistake of configuration. */
const refusals = new Set(['28000', '28P01', '3D000', '42501', '3F000']);

const told = (state: string | undefined): SimfleetErrorParts => {
  switch (state) {
    case '53100':
      return ['storage-full', 'The disk of the PostgreSQL server is full. Nothing was written.'];
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

/** The same at the start, where a refused user, database or right is a mistake of configuration. */
export const faultAtStart = (error: unknown): SimfleetError => {
  const fault = faultOf(error);
  const state = stateOf(fault);
  if (state === undefined || !refusals.has(state)) return fault;
  const cause = fault.cause instanceof Error ? fault.cause.message : '';
  return new SimfleetError('invalid-configuration', `PostgreSQL refuses the store: ${cause}.`, { cause: fault.cause });
};
