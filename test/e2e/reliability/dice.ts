/** Draws that a seed repeats. Several users of one would disturb each other's order: each has a dice of its own. */
export interface Dice {
  /** A number in [from, to). */
  between(from: number, to: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** Draws without putting back, and shuffles anew when all were drawn. */
  deck<Item>(items: readonly Item[]): () => Item;
}

/** Mulberry32 (Tommy Ettinger, 2017): good enough to choose victims. `seed` is taken modulo 2^32. */
export const openDice = (seed: number): Dice => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const take = <Item>(items: Item[]): Item => {
    const [item] = items.splice(Math.floor(next() * items.length), 1);
    if (item === undefined) throw new Error('there is nothing to draw from');
    return item;
  };
  return {
    between: (from, to) => from + next() * (to - from),
    pick: (items) => take([...items]),
    deck(items) {
      let left: (typeof items)[number][] = [];
      return () => {
        if (left.length === 0) left = [...items];
        return take(left);
      };
    },
  };
};
