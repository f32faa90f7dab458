import { createHash } from 'node:crypto';

/** A Job's pods are called `<job>-<index>-<random>` and their host `<job>-<index>`: 63 letters less the four of the largest index. */
const longest = 59;
const hashLength = 8;

/** Name of the Indexed Job of a run: `<job>-<run>`, cut short with a hash of the whole where that is too long. */
export const childName = (job: string, run: number): string => {
  const whole = `${job}-${run}`;
  if (whole.length <= longest && !job.includes('.')) return whole;
  const hash = createHash('sha256').update(job).digest('hex').slice(0, hashLength);
  const rest = `-${hash}-${run}`;
  return `${job
    .slice(0, longest - rest.length)
    .replaceAll('.', '-')
    .replace(/-+$/, '')}${rest}`;
};

export const tokenName = (child: string): string => `${child}-token`;
