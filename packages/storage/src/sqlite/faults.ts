import { errorCode, SimfleetError, type ErrorCode, type Mistake } from '@simfleet/contracts';

/** Primary result codes, https://www.sqlite.org/rescode.html; extended codes carry them in their low byte. */
const busy = 5;
const inputOutput = 10;
const full = 13;
/** SQLITE_IOERR_SHMSIZE: the shared-memory index of the WAL could not grow, which is a full disk under another name. */
const shmSize = 4874;

const resultCode = (error: unknown): number | undefined => {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
};

export const isBusy = (error: unknown): boolean => ((resultCode(error) ?? 0) & 0xff) === busy;

export const isFull = (error: unknown): boolean => {
  const code = resultCode(error) ?? 0;
  return (code & 0xff) === full || code === shmSize;
};

/** A failed read, write or fsync: what is on the disk is unknown. */
export const isBroken = (error: unknown): boolean =>
  ((resultCode(error) ?? 0) & 0xff) === inputOutput && !isFull(error);

/** An error in a form that crosses threads. */
export interface Fault {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly mistakes: readonly Mistake[];
  readonly cause?: string;
}

/** Errors of ours as they are; a full disk as `storage-full`; everything else as `unavailable`, its cause kept. */
export const faultOf = (error: unknown): Fault => {
  if (errorCode(error) !== undefined) {
    const { code, detail, mistakes } = error as SimfleetError;
    return { code, detail, mistakes };
  }
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return isFull(error)
    ? {
        code: 'storage-full',
        detail: 'The disk of the data directory is full. Nothing was written.',
        mistakes: [],
        cause,
      }
    : { code: 'unavailable', detail: 'The database did not do what was asked.', mistakes: [], cause };
};

export const errorOf = ({ code, detail, mistakes, cause }: Fault): SimfleetError =>
  new SimfleetError(code, detail, { mistakes, cause });
