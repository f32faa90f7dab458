/** What was handled here lately: when its acknowledgement was lost it is handed out again, and needs no second handling. */
export class Done {
  readonly #keys = new Set<string>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    this.#keys.add(key);
    if (this.#keys.size <= most) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      return;
    }
  }
}

/** Twice of what can be under way. */
const most = 4096;
