/**
 * Locks by name within this process. Holders of `shared` go together, a holder of `exclusive` goes alone; whoever came first goes first.
 * For checks that span documents: a service is deleted only while no job with it is being created.
 */
export interface KeyedLock {
  shared<Result>(key: string, work: () => Promise<Result>): Promise<Result>;
  exclusive<Result>(key: string, work: () => Promise<Result>): Promise<Result>;
}

interface Line {
  /** Resolves when everyone before the next exclusive holder is done. */
  everyone: Promise<unknown>;
  /** Resolves when the last exclusive holder is done. */
  lastExclusive: Promise<unknown>;
  waiting: number;
}

export const openKeyedLock = (): KeyedLock => {
  const lines = new Map<string, Line>();

  const enter = async <Result>(
    key: string,
    work: () => Promise<Result>,
    queue: (line: Line, run: () => Promise<Result>) => Promise<Result>,
  ): Promise<Result> => {
    const line = lines.get(key) ?? { everyone: Promise.resolve(), lastExclusive: Promise.resolve(), waiting: 0 };
    lines.set(key, line);
    line.waiting += 1;
    try {
      return await queue(line, work);
    } finally {
      line.waiting -= 1;
      if (line.waiting === 0) lines.delete(key);
    }
  };

  return {
    shared: (key, work) =>
      enter(key, work, (line, run) => {
        const result = line.lastExclusive.then(run);
        line.everyone = Promise.allSettled([line.everyone, result]);
        return result;
      }),
    exclusive: (key, work) =>
      enter(key, work, (line, run) => {
        const result = line.everyone.then(run);
        line.lastExclusive = Promise.allSettled([result]);
        line.everyone = line.lastExclusive;
        return result;
      }),
  };
};
