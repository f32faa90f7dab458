import { errorCode, SimfleetError } from '@simfleet/contracts';

/** Of the JetStream API: what its numbers mean that we tell apart (server/errors.json of nats-server). */
const errorCodes = {
  insufficientResources: 10023,
  wrongLastSequence: 10071,
  noMessageFound: 10037,
  storeFailed: 10077,
};

/** The number of an error of the JetStream API. */
const apiCode = (error: unknown): number | undefined => {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  return typeof code === 'number' && typeof name === 'string' && /JetStreamApiError|NotFoundError/.test(name)
    ? code
    : undefined;
};

export const isWrongLastSequence = (error: unknown): boolean => apiCode(error) === errorCodes.wrongLastSequence;

export const isNoMessage = (error: unknown): boolean => apiCode(error) === errorCodes.noMessageFound;

export const isNotFound = (error: unknown): boolean =>
  error instanceof Error && /^(Stream|Consumer)NotFoundError$/.test(error.name);

/** Whether the broker decided, so that asking again at once would not help. */
export const isDecided = (error: unknown): boolean => apiCode(error) !== undefined;

/** Nobody subscribes to what was asked. */
export const isNoResponders = (error: unknown): boolean =>
  error instanceof Error &&
  (/NoRespondersError|JetStreamNotEnabled/.test(error.name) ||
    (error.cause instanceof Error && error.cause.name === 'NoRespondersError'));

/** An error of the client as one of ours. What the server says is kept as the cause: it may name hosts, never credentials. */
export const refusal = (what: string, error: unknown): SimfleetError => {
  if (errorCode(error) !== undefined) return error as SimfleetError;
  const code = apiCode(error);
  if (code === errorCodes.insufficientResources || code === errorCodes.storeFailed) {
    return new SimfleetError('storage-full', `${what}: the broker has no room.`, { cause: error });
  }
  return new SimfleetError('unavailable', `${what}: the broker cannot be used right now.`, { cause: error });
};
