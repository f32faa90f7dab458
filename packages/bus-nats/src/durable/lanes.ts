/** Runs the tasks of one lane in order, one at a time, and lanes side by side. Tasks must not throw. */
export class Lanes {
  readonly #tails = new Map<string, Promise<void>>();

  /** Lanes that have work. */
  get size(): number {
    return this.#tails.size;
  }

  add(lane: string, task: () => Promise<void>): void {
    const before = this.#tails.get(lane);
    const tail: Promise<void> = (before === undefined ? task() : before.then(task)).finally(() => {
      if (this.#tails.get(lane) === tail) this.#tails.delete(lane);
    });
    this.#tails.set(lane, tail);
  }

  /** Resolves when every task added so far is over. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values());
  }
}
