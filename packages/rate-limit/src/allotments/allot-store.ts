import type { Clock } from '@simfleet/runtime';
import type { Rule } from '../rule.ts';
import type { Charge, Decision, LimiterStore, Soon } from '../store.ts';
import { defaultHoldMs, defaultHotPerSecond, mostUnits, type Allotment } from './allotment.ts';
import { longestKey } from '../stored-key.ts';
import { HotKey, type Lot } from './hot-key.ts';

export interface AllotOptions {
  /** Shared by the replicas, guarded where it can be lost (`guardStore`): allotments then go on while the store is away, until they are spent. */
  readonly store: LimiterStore;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  /** null: the rule is decided by the store alone. */
  readonly allot: (rule: Rule) => Allotment | null;
  /** Keys watched at a time; keys beyond, and those of more than 128 characters, are decided by the store alone. Default 10,000. */
  readonly maxKeys?: number;
}

export interface AllottedStore extends LimiterStore {
  /** Units held and not spent, over all keys. */
  readonly held: number;
  readonly watched: number;
}

/** Milliseconds between two looks for units to give back and keys to forget, while there are any. */
const sweepMs = 100;

/**
 * Takes units of hot keys from the store in advance and decides by them. Nobody waits for units: a charge that finds none is decided by the store.
 * At most replicas × `mostUnits` more than the rule's own bound is admitted in any time, and at most as many are refused that the store had left.
 * A process that dies loses what it holds: so many are refused until the window has passed.
 */
export const allotStore = ({ store, clock, allot, maxKeys = 10_000 }: AllotOptions): AllottedStore => {
  const keys = new Map<string, HotKey>();
  const pending = new Set<Promise<void>>();
  let cancelSweep: (() => void) | null = null;
  let closed = false;

  const background = (call: () => Promise<void>): void => {
    // What fails here leaves units counted that nobody uses: that errs to refuse, and the guard below has counted the failure.
    const deed = call().catch(() => undefined);
    pending.add(deed);
    void deed.then(() => pending.delete(deed));
  };

  const giveBack = (hot: HotKey, lots: readonly Lot[]): void => {
    const { rule, key } = hot;
    hot.forgetRefusal();
    for (const { at, units } of lots) {
      if (units > 0) background(async () => store.refund({ rule, key, cost: units }, at));
    }
  };

  const forget = (id: string, hot: HotKey): void => {
    hot.dropped = true;
    keys.delete(id);
    giveBack(hot, hot.lots);
    hot.lots = [];
  };

  const sweep = (): void => {
    const now = clock.monotonic();
    for (const [id, hot] of keys) {
      const over = hot.lots.filter(({ until }) => until <= now);
      if (over.length > 0) {
        hot.lots = hot.lots.filter(({ until }) => until > now);
        giveBack(hot, over);
      }
      if (hot.idle(now)) keys.delete(id);
    }
    cancelSweep = keys.size > 0 && !closed ? clock.after(sweepMs, sweep) : null;
  };

  /** undefined: the store alone decides this charge. */
  const watched = ({ rule, key, cost = 1, force, lease }: Charge): HotKey | undefined => {
    if (closed || force === true || lease !== undefined || !isPositive(cost) || allot(rule) === null) return undefined;
    // So that not their length fills the memory.
    if (key.length > longestKey) return undefined;
    const id = `${rule.name} ${key}`;
    const known = keys.get(id);
    if (known !== undefined && sameRule(known.rule, rule)) {
      known.rule = rule;
      return known;
    }
    if (known !== undefined) forget(id, known);
    if (keys.size >= maxKeys) return undefined;
    const hot = new HotKey(rule, key);
    keys.set(id, hot);
    cancelSweep ??= clock.after(sweepMs, sweep);
    return hot;
  };

  const take = async (hot: HotKey, units: number, holdMs: number): Promise<void> => {
    const sent = clock.monotonic();
    hot.taking = units;
    try {
      const { rule, key } = hot;
      const decision = await store.decideOne({ rule, key, cost: units });
      hot.told(decision, clock.monotonic());
      if (!decision.allowed) return;
      const lot = { at: decision.at, units, until: sent + holdMs };
      // Units that no store has counted, or that nobody wants any more, are not spent.
      if (decision.at < 0 || hot.dropped || closed) giveBack(hot, [lot]);
      else hot.lots.push(lot);
    } finally {
      hot.taking = 0;
    }
  };

  /** Takes as many as the key uses up in half of the time that they are held, and no more than a quarter of what the store has left. */
  const refill = (hot: HotKey, now: number): void => {
    const allotment = allot(hot.rule);
    if (allotment === null || hot.taking > 0 || hot.dropped || closed) return;
    const { hotPerSecond = defaultHotPerSecond, holdMs = defaultHoldMs } = allotment;
    const rate = hot.rate(now);
    if (rate < hotPerSecond) return;
    const wanted = Math.floor(
      Math.min(mostUnits(hot.rule, allotment), (rate * holdMs) / 2_000, hot.storeRemaining / 4),
    );
    const held = hot.units;
    if (wanted < 2 || held > wanted / 4) return;
    background(() => take(hot, Math.floor(wanted - held), holdMs));
  };

  const unspend = (hot: HotKey, lot: Lot, cost: number): void => {
    if (keys.get(`${hot.rule.name} ${hot.key}`) === hot) hot.unspend(lot, cost);
    else giveBack(hot, [{ ...lot, units: cost }]);
  };

  const heard = (hot: HotKey | undefined, cost: number, decision: Decision, sent: number): void => {
    if (hot === undefined) return;
    const now = clock.monotonic();
    hot.heard(cost, decision, sent, now);
    if (decision.allowed) refill(hot, now);
  };

  const decideOne = (charge: Charge): Soon<Decision> => {
    const hot = watched(charge);
    if (hot === undefined) return store.decideOne(charge);
    const now = clock.monotonic();
    const cost = charge.cost ?? 1;
    hot.asked(cost, now);
    const lot = hot.lotFor(cost);
    if (lot !== undefined) {
      const decision = hot.spend(lot, cost, now);
      refill(hot, now);
      return decision;
    }
    const refused = hot.refused(cost, now);
    if (refused !== undefined) return refused;
    return following(store.decideOne(charge), nothing, (decision) => {
      heard(hot, cost, decision, now);
      return decision;
    });
  };

  /** What is held is spent here, and the store is asked for the others: in one step of all or nothing, for what it refuses was spent for nothing. */
  const decide = (charges: readonly Charge[]): Soon<readonly Decision[]> => {
    const now = clock.monotonic();
    const parts = charges.map((charge): Part => {
      const hot = watched(charge);
      const { cost = 1 } = charge;
      hot?.asked(cost, now);
      const lot = hot?.lotFor(cost);
      if (hot === undefined || lot === undefined) return { charge, cost, hot, held: null };
      return { charge, cost, hot, held: { lot, decision: hot.spend(lot, cost, now) } };
    });
    const asked = parts.filter(({ held }) => held === null);
    const heldParts = parts.filter(isHeld);
    if (asked.length === 0 && parts.length > 0) {
      heldParts.forEach(({ hot }) => refill(hot, now));
      return heldParts.map(({ held }) => held.decision);
    }
    const letGo = (): void => heldParts.forEach(({ hot, cost, held }) => unspend(hot, held.lot, cost));
    // What was refused a moment ago need not be asked again, where nobody else has to be.
    const again = parts.map(({ hot, cost, held }) => held?.decision ?? hot?.refused(cost, now));
    if (parts.length > 0 && again.every((decision) => decision !== undefined)) {
      letGo();
      return again;
    }
    const answer = attempt(() => store.decide(asked.map(({ charge }) => charge)), letGo);
    return following(answer, letGo, (decisions) => {
      decisions.forEach((decision, index) => heard(asked[index]?.hot, asked[index]?.cost ?? 1, decision, now));
      if (heldParts.length === 0) return decisions;
      if (decisions.every(({ allowed }) => allowed)) heldParts.forEach(({ hot }) => refill(hot, now));
      else letGo();
      let next = 0;
      return parts.map(({ held }) => held?.decision ?? (decisions[next++] as Decision));
    });
  };

  return {
    description: store.description,
    shared: store.shared,
    get held() {
      let units = 0;
      for (const hot of keys.values()) units += hot.units;
      return units;
    },
    get watched() {
      return keys.size;
    },
    decide,
    decideOne,
    async peek(charge) {
      const hot = keys.get(`${charge.rule.name} ${charge.key}`);
      const { cost = 1 } = charge;
      if (hot === undefined || !sameRule(hot.rule, charge.rule) || charge.force === true) return store.peek(charge);
      const now = clock.monotonic();
      const lot = hot.lotFor(cost);
      if (lot !== undefined && cost > 0) return hot.look(lot, cost, now);
      const refused = cost > 0 ? hot.refused(cost, now) : undefined;
      if (refused !== undefined) return refused;
      const decision = await store.peek(charge);
      if (!decision.allowed) hot.heard(cost, decision, now, clock.monotonic());
      return { ...decision, remaining: decision.remaining + hot.units };
    },
    refund(charge, at) {
      keys.get(`${charge.rule.name} ${charge.key}`)?.forgetRefusal();
      return store.refund(charge, at);
    },
    reset(rule, key) {
      const id = `${rule.name} ${key}`;
      const hot = keys.get(id);
      // What is held goes back first, and is forgotten with the rest.
      if (hot !== undefined) forget(id, hot);
      return store.reset(rule, key);
    },
    check: () => store.check(),
    async close() {
      closed = true;
      cancelSweep?.();
      for (const [id, hot] of keys) forget(id, hot);
      while (pending.size > 0) await Promise.all(pending);
      await store.close();
    },
  };
};

/** A charge, and what is held of it. */
interface Part {
  readonly charge: Charge;
  readonly cost: number;
  readonly hot: HotKey | undefined;
  /** Null: the store is asked. */
  readonly held: { readonly lot: Lot; readonly decision: Decision } | null;
}

type HeldPart = Part & { readonly hot: HotKey; readonly held: NonNullable<Part['held']> };

const isHeld = (part: Part): part is HeldPart => part.held !== null;

const nothing = (): void => undefined;

/** The answer as `then` makes it. `failed` is told when there is none. */
const following = <T>(answer: Soon<T>, failed: () => void, then: (value: T) => T): Soon<T> => {
  if (!(answer instanceof Promise)) return then(answer);
  return answer.then(then, (error: unknown) => {
    failed();
    throw error;
  });
};

/** Tells `failed` of what is thrown at once. */
const attempt = <T>(ask: () => T, failed: () => void): T => {
  try {
    return ask();
  } catch (error) {
    failed();
    throw error;
  }
};

/** A policy that changed makes a rule of the same name: what was held under the old one goes back. */
const sameRule = (a: Rule, b: Rule): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

const isPositive = (cost: number): boolean => Number.isFinite(cost) && cost > 0;
