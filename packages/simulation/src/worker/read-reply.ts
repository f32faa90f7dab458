import type { Lease, ReportReply } from '@simfleet/contracts';

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;
const isCount = (value: unknown, least: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least;

const isLease = (value: unknown): value is Lease =>
  isObject(value) && isCount(value['first'], 0) && isCount(value['count'], 1);

const isTask = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['engine'] === 'string' &&
  typeof value['kernelHash'] === 'string' &&
  isObject(value['parameters']) &&
  typeof value['seed'] === 'string' &&
  isCount(value['blockSize'], 1) &&
  (value['maxPaths'] === null || isCount(value['maxPaths'], 1));

/**
 * A reply as the report protocol has it, or null when the value is something else, such as the error page of a proxy. Checked by hand:
 * the schemas of contracts would add their library to the start and the memory of every shard.
 */
export const readReply = (value: unknown): ReportReply | null => {
  if (!isObject(value)) return null;
  const { action, lease, retryAfterMs, task } = value;
  if (action !== 'continue' && action !== 'suspend' && action !== 'stop') return null;
  if (lease !== null && !isLease(lease)) return null;
  if (retryAfterMs !== undefined && !isCount(retryAfterMs, 1)) return null;
  if (task !== undefined && !isTask(task)) return null;
  return value as unknown as ReportReply;
};
