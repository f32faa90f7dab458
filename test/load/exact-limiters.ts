/** The algorithms as their definitions say them, one key each, in real numbers: what the judge of the load tests is held against. */
export interface JudgedPolicy {
  readonly algorithm: 'token-bucket' | 'leaky-bucket' | 'sliding-log' | 'sliding-counter' | 'fixed-window';
  readonly limit: number;
  readonly windowMs: number;
  readonly burst?: number;
}

/** Whether a request at a time (milliseconds, never before the last one) is admitted. */
export type Limiter = (at: number) => boolean;

const bucket = (policy: JudgedPolicy): Limiter => {
  const most = policy.burst ?? (policy.algorithm === 'leaky-bucket' ? 1 : policy.limit);
  let level = most;
  let last = 0;
  return (at) => {
    level = Math.min(most, level + ((at - last) * policy.limit) / policy.windowMs);
    last = at;
    if (level < 1 - 1e-9) return false;
    level -= 1;
    return true;
  };
};

const log = ({ limit, windowMs }: JudgedPolicy): Limiter => {
  let admitted: number[] = [];
  return (at) => {
    admitted = admitted.filter((time) => time > at - windowMs);
    if (admitted.length >= limit) return false;
    admitted.push(at);
    return true;
  };
};

const counter = ({ limit, windowMs, algorithm }: JudgedPolicy): Limiter => {
  const counts = new Map<number, number>();
  return (at) => {
    const window = Math.floor(at / windowMs);
    const here = counts.get(window) ?? 0;
    const before = algorithm === 'fixed-window' ? 0 : (counts.get(window - 1) ?? 0);
    if (before * (1 - (at - window * windowMs) / windowMs) + here + 1 > limit + 1e-9) return false;
    counts.set(window, here + 1);
    return true;
  };
};

export const exactLimiter = (policy: JudgedPolicy): Limiter => {
  if (policy.algorithm === 'sliding-log') return log(policy);
  return policy.algorithm.endsWith('bucket') ? bucket(policy) : counter(policy);
};
