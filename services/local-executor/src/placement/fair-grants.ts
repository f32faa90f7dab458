/** A run's claim on slots. */
export interface Claim {
  readonly jobId: string;
  readonly customer: string;
  /** Age: a smaller number is older; equal ages are told apart by `jobId`. */
  readonly order: number;
  /** Shards that run or could run right now, ≥ 0. */
  readonly wanted: number;
}

/**
 * Who gets the first slot, the second, and so on: `jobId`s, at most `capacity` of them.
 * Between customers max–min: the next slot goes to the customer with the fewest, so that nobody can have more by giving less to one who has
 * no more than he. Within a customer every job gets one shard, oldest first, before the oldest gets its second; then oldest first whole.
 * A pure function of the set of claims: their order does not matter. (Bertsekas & Gallager, Data Networks, §6.5.2: max–min fairness.)
 */
export const fairGrants = (capacity: number, claims: readonly Claim[]): readonly string[] => {
  const queues = [...byCustomer(claims).values()].map((own) => ({ granted: 0, order: grantOrder(own, capacity) }));
  const grants: string[] = [];
  while (grants.length < capacity) {
    const poorest = queues.filter(hasMore).sort(poorerFirst)[0];
    const claim = poorest?.order[poorest.granted];
    if (poorest === undefined || claim === undefined) break;
    poorest.granted++;
    grants.push(claim.jobId);
  }
  return grants;
};

interface CustomerQueue {
  granted: number;
  /** The claim that gets the customer's first slot, its second, … */
  readonly order: readonly Claim[];
}

const hasMore = ({ granted, order }: CustomerQueue): boolean => granted < order.length;

const older = (a: Claim, b: Claim): number => a.order - b.order || (a.jobId < b.jobId ? -1 : a.jobId > b.jobId ? 1 : 0);

const poorerFirst = (a: CustomerQueue, b: CustomerQueue): number => {
  const [nextOfA, nextOfB] = [a.order[a.granted], b.order[b.granted]];
  if (a.granted !== b.granted || nextOfA === undefined || nextOfB === undefined) return a.granted - b.granted;
  return older(nextOfA, nextOfB);
};

const byCustomer = (claims: readonly Claim[]): ReadonlyMap<string, readonly Claim[]> =>
  Map.groupBy(
    claims.filter(({ wanted }) => wanted > 0),
    ({ customer }) => customer,
  );

/** At most `capacity` entries: with thousands of jobs in the queue the rest is never looked at. */
const grantOrder = (own: readonly Claim[], capacity: number): readonly Claim[] => {
  const oldestFirst = [...own].sort(older);
  const order = oldestFirst.slice(0, capacity);
  for (const claim of oldestFirst) {
    for (let more = 1; more < claim.wanted && order.length < capacity; more++) order.push(claim);
    if (order.length >= capacity) break;
  }
  return order;
};
