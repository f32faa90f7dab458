import type { Scope } from './cluster.ts';

/** Runs the work and then, whatever became of it, what it left to be ended: last in, first out. */
export const scoped = async <Result>(work: (scope: Scope) => Promise<Result>): Promise<Result> => {
  const cleanUps: (() => Promise<void>)[] = [];
  try {
    return await work({ after: (cleanUp) => void cleanUps.push(cleanUp) });
  } finally {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  }
};
