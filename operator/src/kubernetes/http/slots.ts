/** At most so many at a time; the others wait in order of arrival. */
export interface Slots {
  /** Resolves with the function that gives the slot back. Throws the signal's reason when it aborts before. */
  take(signal: AbortSignal): Promise<() => void>;
}

export const createSlots = (maximum: number): Slots => {
  let free = maximum;
  const waiting = new Set<() => void>();
  const give = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      free += 1;
      return;
    }
    waiting.delete(next);
    next();
  };
  return {
    take: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        if (free > 0) {
          free -= 1;
          return resolve(give);
        }
        const abort = (): void => {
          waiting.delete(enter);
          reject(signal.reason as Error);
        };
        const enter = (): void => {
          signal.removeEventListener('abort', abort);
          resolve(give);
        };
        signal.addEventListener('abort', abort, { once: true });
        waiting.add(enter);
      }),
  };
};
