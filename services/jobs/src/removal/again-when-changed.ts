import { errorCode } from '@simfleet/contracts';

/** More would mean that something else is wrong than others who were faster. */
const mostTries = 20;

/** Reads, decides and writes, again when somebody else was faster. Throws what the work throws. */
export const againWhenChanged = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (errorCode(error) !== 'version-conflict' || tries === mostTries) throw error;
    }
  }
};
