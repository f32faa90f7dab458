import type { LimitPartition, LimitRule } from './rate-limits.ts';

/** Who is known when it is asked for: whose token it is; nothing but an address, before or without a token that the platform knows; or, of messages on open sockets, whose socket it is. */
type Asked = 'by-token' | 'by-address' | 'by-message';

/**
 * Operations of the API and of sockets, of every service, as rate limit policies name them: a policy of an operation that nobody has would never hold. What
 * the services have is held against this list by their tests.
 */
const operations = {
  createJob: 'by-token',
  listJobs: 'by-token',
  getJob: 'by-token',
  changeJob: 'by-token',
  deleteJob: 'by-token',
  estimateJob: 'by-token',
  suspendJob: 'by-token',
  resumeJob: 'by-token',
  cancelJob: 'by-token',
  extendJob: 'by-token',
  getJobResult: 'by-token',
  watchJob: 'by-token',
  readJobLogs: 'by-token',
  createService: 'by-token',
  listServices: 'by-token',
  getService: 'by-token',
  listServiceVersions: 'by-token',
  getServiceVersion: 'by-token',
  replaceService: 'by-token',
  changeService: 'by-token',
  deleteService: 'by-token',
  createCustomer: 'by-token',
  listCustomers: 'by-token',
  getCustomer: 'by-token',
  changeCustomer: 'by-token',
  deleteCustomer: 'by-token',
  listCustomerServices: 'by-token',
  createRateLimitPolicy: 'by-token',
  listRateLimitPolicies: 'by-token',
  getRateLimitPolicy: 'by-token',
  changeRateLimitPolicy: 'by-token',
  deleteRateLimitPolicy: 'by-token',
  listDeadLetters: 'by-token',
  replayDeadLetter: 'by-token',
  discardDeadLetter: 'by-token',
  getHealth: 'by-address',
  getReadiness: 'by-address',
  reportBlocks: 'by-address',
  openSocket: 'by-token',
  unwatchJob: 'by-message',
} as const satisfies Readonly<Record<string, Asked>>;

/** In the order of the list. */
export const operationIds: readonly string[] = Object.keys(operations);

const partitionsOf: Readonly<Record<Asked, readonly LimitPartition[]>> = {
  'by-token': ['address', 'user', 'api-key', 'customer', 'everyone'],
  'by-address': ['address'],
  'by-message': ['user', 'customer', 'everyone'],
};

const overAtOnce: readonly string[] = ['unwatchJob'];

/** Why a policy of this partition and rule would never hold for the operation; null when it may. `unknown`: there is no such operation. */
export const neverHolds = (
  operation: string,
  per: LimitPartition,
  { algorithm }: Pick<LimitRule, 'algorithm'>,
): 'unknown' | { readonly because: string } | null => {
  const asked = Object.hasOwn(operations, operation) ? operations[operation as keyof typeof operations] : undefined;
  if (asked === undefined) return 'unknown';
  const partitions = partitionsOf[asked];
  if (!partitions.includes(per)) return { because: `is counted by ${partitions.join(', ')} only, not by ${per}` };
  if (algorithm === 'concurrency' && overAtOnce.includes(operation))
    return { because: 'is over at once: there is nothing under way to count' };
  return null;
};
