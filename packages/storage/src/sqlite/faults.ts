import { errorCode, SimfleetError, type ErrorCode, type Mistake } from '@simfleet/contracts';

/** Primary result codes, https://www.sqlite.org/rescode.html; extended codes carry them in their low byte. */
const busy = 5;
const inputOutput = 10;
const corrupt = 11;
const notADatabase = 26;
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

const isDamaged = (error: unknown): boolean => [corrupt, notADatabase].includes((resultCode(error) ?? 0) & 0xff);

/** An error in a form that crosses threads. */
export interface Fault {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly mistakes: readonly Mistake[];
  readonly cause?: string;
}

/** Errors of ours as they are; a full disk as `storage-full`, a damaged file as `storage-damaged`, everything else as `unavailable`, its cause kept. */
export const faultOf = (error: unknown): Fault => {
  if (errorCode(error) !== undefined) {
    const { code, detail, mistakes } = error as SimfleetError;
    return { code, detail, mistakes };
  }
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { ...toldAs(error), mistakes: [], cause };
};

const toldAs = (error: unknown): Pick<Fault, 'code' | 'detail'> => {
  if (isFull(error))
    return { code: 'storage-full', detail: 'The disk of the data directory is full. Nothing was written.' };
  if (isDamaged(error)) {
    return {
      code: 'storage-damaged',
      detail:
        'The database file of the data directory is damaged. Put a backup in its place, or choose another data directory.',
    };
  }
  return { code: 'unavailable', detail: 'The database did not do what was asked.' };
};

export const errorOf = ({ code, detail, mistakes, cause }: Fault): SimfleetError =>
  new SimfleetError(code, detail, { mistakes, cause });
