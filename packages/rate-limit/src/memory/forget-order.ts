import { openingOf, type Entry } from './entry.ts';

/**
 * Who is forgotten first when there is no more room: who lets charges through since long, then who will soonest. A heap whose order is mended when it is
 * asked: counting moves an opening later and costs nothing here; what moves it earlier says so by `moved`.
 */
export class ForgetOrder {
  readonly #heap: Entry[] = [];

  constructor(entries: readonly Entry[]) {
    for (const entry of entries) this.add(entry);
  }

  add(entry: Entry): void {
    entry.opens = openingOf(entry);
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  /** To be forgotten next; undefined when there is nobody. */
  first(): Entry | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      const opens = openingOf(top);
      if (opens <= top.opens) return top;
      top.opens = opens;
      this.#sink(top, 0);
    }
    return undefined;
  }

  moved(entry: Entry): void {
    entry.opens = openingOf(entry);
    this.#settle(entry, entry.place);
  }

  remove(entry: Entry): void {
    const last = this.#heap.pop();
    if (last !== undefined && last !== entry) this.#settle(last, entry.place);
  }

  #settle(entry: Entry, place: number): void {
    this.#rise(entry, place);
    this.#sink(entry, entry.place);
  }

  #rise(entry: Entry, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || parent.opens <= entry.opens) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(entry, place);
  }

  #sink(entry: Entry, from: number): void {
    let place = from;
    for (;;) {
      const [left, right] = [this.#heap[2 * place + 1], this.#heap[2 * place + 2]];
      if (left === undefined) break;
      const least = right !== undefined && right.opens < left.opens ? right : left;
      if (least.opens >= entry.opens) break;
      const below = least === left ? 2 * place + 1 : 2 * place + 2;
      this.#put(least, place);
      place = below;
    }
    this.#put(entry, place);
  }

  #put(entry: Entry, place: number): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}
