/** Which positions of a ledger were taken in: all up to `through`, and some beyond it that came out of order. */
export interface ReadPositions {
  readonly through: number;
  /** A single position: an append of this process. */
  add(position: number): void;
  /** Everything up to and with the position: a page that was read. */
  addThrough(position: number): void;
}

export const openReadPositions = (): ReadPositions => {
  const beyond = new Set<number>();
  let through = 0;
  const absorb = (): void => {
    while (beyond.delete(through + 1)) through += 1;
  };
  return {
    get through() {
      return through;
    },
    add(position) {
      if (position <= through) return;
      if (position > through + 1) return void beyond.add(position);
      through = position;
      absorb();
    },
    addThrough(position) {
      if (position <= through) return;
      for (const each of beyond) if (each <= position) beyond.delete(each);
      through = position;
      absorb();
    },
  };
};
