import { SimfleetError } from '@simfleet/contracts';
import type { Rule } from '../rule.ts';
import type { Charge } from '../store.ts';
import { storedKey } from '../stored-key.ts';

/**
 * What keeps keys together in a cluster: keys of the same partition lie on one node and can be decided together. Default: everything in one partition, so
 * that any charges can be, and one node of a cluster does all the work.
 */
export type Partition = (charge: Pick<Charge, 'rule' | 'key'>) => string;

/** UTF-8 has no lone surrogates: unequal keys with them would be one. The escape cannot meet a key as it is, which the mark tells apart. */
const written = (key: string): string => (key.isWellFormed() ? `:${key}` : `!${JSON.stringify(key)}`);

export class Keys {
  readonly #prefix: string;
  readonly #partition: Partition | null;

  constructor(prefix: string, partition: Partition | null) {
    if (!/^[\w.:-]{1,64}$/.test(prefix)) {
      const detail = 'The prefix of the store of rate limits is 1 to 64 letters, digits and any of _ . : -';
      throw new SimfleetError('invalid-configuration', detail);
    }
    this.#prefix = prefix;
    this.#partition = partition;
  }

  /** `{prefix}rule:key`, or `{prefix/partition}rule:key`: what stands in braces decides the slot. */
  of(rule: Rule, key: string): string {
    return `${this.#tag(rule, key)}${rule.name}${written(storedKey(key))}`;
  }

  /** Beside the key of a concurrency rule: what its leases weigh. */
  ofWeights(rule: Rule, key: string): string {
    return `${this.#tag(rule, key)}${rule.name}+${written(storedKey(key))}`;
  }

  /** Keys of what is decided together. Throws `invalid-request` when they are of different partitions. */
  ofAll(charges: readonly Charge[]): readonly string[] {
    if (this.#partition !== null) {
      const [first, ...others] = charges.map(({ rule, key }) => this.#tag(rule, key));
      if (others.some((tag) => tag !== first)) {
        throw new SimfleetError('invalid-request', 'What is decided together has to be of one partition of the store.');
      }
    }
    return charges.map(({ rule, key }) => this.of(rule, key));
  }

  /** A key of the store's own, for looks at whether it can be written. */
  own(name: string): string {
    return `{${this.#prefix}}${name}`;
  }

  #tag(rule: Rule, key: string): string {
    if (this.#partition === null) return `{${this.#prefix}}`;
    const partition = storedKey(this.#partition({ rule, key }));
    return `{${this.#prefix}/${encodeURIComponent(partition.isWellFormed() ? partition : JSON.stringify(partition))}}`;
  }
}
