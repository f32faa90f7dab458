import { errorCode, SimfleetError } from '@simfleet/contracts';

/** Codes of the server, https://www.mongodb.com/docs/manual/reference/error-codes/. */
const duplicateKey = 11000;
const outOfDiskSpace = 14031;
const authenticationFailed = 18;
const unauthorized = 13;
export const indexNotFound = 27;
/** IndexOptionsConflict and IndexKeySpecsConflict. */
export const indexConflicts: readonly number[] = [85, 86];

export const serverCode = (error: unknown): number | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
};

export const isDuplicate = (error: unknown): boolean => serverCode(error) === duplicateKey;

/** Errors of ours as they are, a full disk as `storage-full`, everything else as `unavailable`; the cause is kept. */
export const faultOf = (error: unknown): SimfleetError => {
  if (errorCode(error) !== undefined) return error as SimfleetError;
  if (serverCode(error) === outOfDiskSpace) {
    return new SimfleetError('storage-full', 'The disk of the database is full. Nothing was written.', {
      cause: error,
    });
  }
  return new SimfleetError('unavailable', 'The database did not do what was asked.', { cause: error });
};

/** The driver's words for a server that it cannot reach: addresses, and never credentials. */
const whyNoAnswer = (error: unknown): string | undefined =>
  error instanceof Error && /^Mongo(ServerSelection|Network)/.test(error.name) ? error.message : undefined;

/** What opening failed with: credentials that the server refuses are a mistake in the configuration, and who reads it may know the address. */
export const openingFault = (error: unknown): SimfleetError => {
  const code = serverCode(error);
  const why = whyNoAnswer(error);
  if (why !== undefined) return new SimfleetError('unavailable', `MongoDB does not answer: ${why}.`, { cause: error });
  if (code !== authenticationFailed && code !== unauthorized) return faultOf(error);
  return new SimfleetError('invalid-configuration', 'The database refuses the user or the password of its URL.', {
    cause: error,
  });
};
