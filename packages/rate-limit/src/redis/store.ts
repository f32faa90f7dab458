import { SimfleetError } from '@simfleet/contracts';
import type { Logger } from '@simfleet/runtime';
import { checkCharge, checkDistinct } from '../check-charge.ts';
import type { Rule } from '../rule.ts';
import type { Charge, Decision, LimiterStore } from '../store.ts';
import { describeAddress, parseAddress } from './address.ts';
import { Asker } from './asker.ts';
import { burstOf, chargeWords } from './charge-words.ts';
import { openConnection, type Connection } from './connection.ts';
import { Keys, type Partition } from './keys.ts';
import { KnownRules } from './known-rules.ts';
import { readDecision } from './read-decision.ts';
import { loadScripts, type Script, type Scripts } from './scripts.ts';

export interface RedisLimiterOptions {
  /** `redis://host:6379/0`, `rediss://user:password@host:6380`, a cluster: `redis://first:6379,second:6379` or `…?cluster=true`, or the master that sentinels know: `redis+sentinel://first:26379,second:26379/name`. */
  readonly url: string;
  /** File of the authority that signed the server's certificate; default: what Node trusts. */
  readonly tlsCaFile?: string;
  /** Begins every key: letters, digits and any of `_.:-`, at most 64. Default `simfleet-limits`. Stores with one prefix on one server count together. */
  readonly prefix?: string;
  /** Default: everything in one partition. See `Partition`; without a cluster it only makes keys longer. */
  readonly partition?: Partition;
  /** Milliseconds that anything waits for an answer: 1 … 60,000; default 250. */
  readonly timeoutMs?: number;
  readonly logger?: Logger;
  /** For tests: whole milliseconds instead of the server's time. Keys then live an hour longer, for the server's own time goes on. */
  readonly now?: () => number;
}

/** Counts on a Redis or Valkey that others share: 7.0 or newer, alone or as a cluster. All promises, none takes longer than the time-out. */
export interface RedisLimiterStore extends LimiterStore {
  decide(charges: readonly Charge[]): Promise<readonly Decision[]>;
  decideOne(charge: Charge): Promise<Decision>;
  peek(charge: Charge): Promise<Decision>;
  refund(charge: Charge, at: number): Promise<void>;
  reset(rule: Rule, key: string): Promise<void>;
}

const longestMs = 60_000;

/**
 * Resolves when the server answers, or at the time-out without it: the store then throws `unavailable` until it does. Throws `invalid-configuration` for
 * options that cannot be used.
 */
export const openRedisLimiterStore = async (options: RedisLimiterOptions): Promise<RedisLimiterStore> => {
  const { url, tlsCaFile, prefix = 'simfleet-limits', partition = null, timeoutMs = 250, logger } = options;
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > longestMs) {
    throw new SimfleetError('invalid-configuration', `The time-out of the store is 1 to ${longestMs} milliseconds.`);
  }
  const address = parseAddress(url);
  const keys = new Keys(prefix, partition);
  const description = describeAddress(address);
  const connection = openConnection(
    {
      address,
      timeoutMs,
      ...(tlsCaFile === undefined ? {} : { tlsCaFile }),
      ...(logger === undefined ? {} : { logger }),
    },
    description,
  );
  await connection.settled();
  const asker = new Asker(connection, timeoutMs, address.password);
  return new RedisStore(description, connection, asker, keys, loadScripts(), options.now ?? null);
};

class RedisStore implements RedisLimiterStore {
  readonly description: string;
  readonly shared = true;
  readonly #connection: Connection;
  readonly #asker: Asker;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #now: (() => number) | null;
  readonly #rules = new KnownRules();

  constructor(
    description: string,
    connection: Connection,
    asker: Asker,
    keys: Keys,
    scripts: Scripts,
    now: (() => number) | null,
  ) {
    this.description = description;
    this.#connection = connection;
    this.#asker = asker;
    this.#keys = keys;
    this.#scripts = scripts;
    this.#now = now;
  }

  decideOne(charge: Charge): Promise<Decision> {
    return this.#look(this.#scripts.decide, charge);
  }

  peek(charge: Charge): Promise<Decision> {
    return this.#look(this.#scripts.peek, charge);
  }

  async decide(charges: readonly Charge[]): Promise<readonly Decision[]> {
    const [first, ...others] = charges;
    if (first === undefined) return [];
    if (others.length === 0) return [await this.decideOne(first)];
    const keys = [...this.#keys.ofAll(charges)];
    const words: string[] = [];
    for (const charge of charges) {
      if (charge.rule.algorithm === 'concurrency') keys.push(this.#keys.ofWeights(charge.rule, charge.key));
      words.push(...this.#words(charge, keys.length));
    }
    checkDistinct(charges);
    return this.#run(this.#scripts.decideTogether, keys, words, (answer) =>
      charges.map(({ rule }, index) => readDecision(answer, index, burstOf(rule))),
    );
  }

  async refund(charge: Charge, at: number): Promise<void> {
    const words = this.#words(charge, 2, String(at));
    const script = this.#scripts.refund[charge.rule.algorithm];
    await this.#run(script, this.#keysOf(charge.rule, charge.key), words, () => undefined);
  }

  async reset(rule: Rule, key: string): Promise<void> {
    this.#rules.wordsOf(rule);
    await this.#asker.command('del', this.#keysOf(rule, key));
  }

  /** Writes, for a server that can be read alone refuses every decision. */
  async check(): Promise<void> {
    await this.#asker.command('set', [this.#keys.own('check'), '', 'PX', '1000']);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Not `async`: the hot path has no promise to spare. */
  #look(scripts: Scripts['decide'], charge: Charge): Promise<Decision> {
    try {
      const words = this.#words(charge, 2);
      const isPlain = charge.force !== true && charge.lease === undefined && this.#now === null;
      const keys = this.#keysOf(charge.rule, charge.key);
      const limit = burstOf(charge.rule);
      return this.#run(scripts[charge.rule.algorithm], keys, isPlain ? words.slice(0, 5) : words, (answer) =>
        readDecision(answer, 0, limit),
      );
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Throws `invalid-request` for a charge out of range. */
  #words(charge: Charge, weights: number, at?: string): readonly string[] {
    const rule = this.#rules.wordsOf(charge.rule);
    checkCharge(charge);
    return chargeWords(charge, rule, weights, at);
  }

  #keysOf(rule: Rule, key: string): readonly string[] {
    const own = this.#keys.of(rule, key);
    return rule.algorithm === 'concurrency' ? [own, this.#keys.ofWeights(rule, key)] : [own];
  }

  #run<Answer>(
    script: Script,
    keys: readonly string[],
    words: readonly string[],
    read: (answer: Buffer) => Answer,
  ): Promise<Answer> {
    const all = [String(keys.length), ...keys, ...words];
    if (this.#now !== null) all.push(String(Math.floor(this.#now())));
    return this.#asker.run(script, all, read);
  }
}
