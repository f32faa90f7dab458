import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SimfleetError } from '@simfleet/contracts';
import { isBusy } from './faults.ts';

/** The exclusive hold on a data directory. It ends with its process, however that dies. */
export interface Hold {
  /** Idempotent. */
  release(): void;
}

const holderFile = 'lock.pid';

const holderOf = (directory: string): string => {
  try {
    return `process ${readFileSync(join(directory, holderFile), 'utf8').trim()}`;
  } catch {
    return 'another process';
  }
};

/**
 * Takes the directory for this process (`pid`), making it when it is not there. The lock is the operating system's lock on `lock.db`,
 * taken by SQLite, so a dead process holds nothing; `lock.pid` beside it only tells people who holds it.
 * Throws `data-directory-held` when another has it.
 */
export const holdDirectory = (directory: string, pid: number): Hold => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(join(directory, 'lock.db'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new SimfleetError('data-directory-held', `${holderOf(directory)} holds the data directory ${directory}.`);
  }
  try {
    writeFileSync(join(directory, holderFile), `${pid}\n`);
  } catch {
    // A full disk must not keep the platform from starting: the lock is held, only its name tag is missing.
  }
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      rmSync(join(directory, holderFile), { force: true });
      lock.close();
    },
  };
};
