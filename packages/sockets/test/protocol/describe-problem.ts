import { SimfleetError, errorCode, errorTable } from '@simfleet/contracts';
import type { DescribeProblem } from '@simfleet/sockets';

export const describeProblem: DescribeProblem = (error, instance) => {
  const code = errorCode(error) ?? 'internal';
  const { status, title, retryable, meaning } = errorTable[code];
  const known = error instanceof SimfleetError ? error : null;
  return {
    problem: {
      ...{ type: `https://simfleet.dev/problems/${code}`, title, status, instance, code, retryable },
      detail: known?.detail ?? meaning,
      errors: [...(known?.mistakes ?? [])],
    },
    headers: { 'content-type': 'application/problem+json', ...(code === 'unavailable' ? { 'retry-after': '1' } : {}) },
    fault: code === 'internal',
  };
};
