import { readFileSync } from 'node:fs';

/** Whether a process runs, or stands still; not one that has ended and waits for its parent to take note. On Linux. */
export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
