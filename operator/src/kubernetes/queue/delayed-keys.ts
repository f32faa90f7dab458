import type { Clock } from '@simfleet/runtime';

/** Keys that come back later; each once, at the earliest time asked for. One timer, whatever their number. */
export interface DelayedKeys {
  add(key: string, delayMs: number): void;
  clear(): void;
  readonly size: number;
}

interface Entry {
  readonly key: string;
  readonly due: number;
}

export const createDelayedKeys = (clock: Clock, onDue: (key: string) => void): DelayedKeys => {
  /** A binary heap by time. Entries that a later, earlier one replaced stay in it and are passed over. */
  let heap: Entry[] = [];
  const dueOf = new Map<string, number>();
  let timer: { readonly due: number; readonly cancel: () => void } | null = null;

  const arm = (): void => {
    const next = heap[0];
    if (next === undefined || (timer !== null && timer.due <= next.due)) return;
    timer?.cancel();
    timer = { due: next.due, cancel: clock.after(next.due - clock.monotonic(), fire) };
  };

  const fire = (): void => {
    timer = null;
    const now = clock.monotonic();
    for (let next = heap[0]; next !== undefined && next.due <= now; next = heap[0]) {
      pop(heap);
      if (dueOf.get(next.key) !== next.due) continue;
      dueOf.delete(next.key);
      onDue(next.key);
    }
    arm();
  };

  return {
    add(key, delayMs) {
      const due = clock.monotonic() + delayMs;
      const planned = dueOf.get(key);
      if (planned !== undefined && planned <= due) return;
      dueOf.set(key, due);
      push(heap, { key, due });
      arm();
    },
    clear() {
      timer?.cancel();
      timer = null;
      heap = [];
      dueOf.clear();
    },
    get size() {
      return dueOf.size;
    },
  };
};

const at = (heap: readonly Entry[], index: number): number => heap[index]?.due ?? Infinity;

const swap = (heap: Entry[], one: number, other: number): void => {
  const [first, second] = [heap[one], heap[other]];
  if (first === undefined || second === undefined) return;
  heap[one] = second;
  heap[other] = first;
};

const push = (heap: Entry[], entry: Entry): void => {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (at(heap, parent) <= entry.due) return;
    swap(heap, index, parent);
    index = parent;
  }
};

const pop = (heap: Entry[]): void => {
  swap(heap, 0, heap.length - 1);
  heap.pop();
  for (let index = 0; ;) {
    const left = 2 * index + 1;
    const child = at(heap, left + 1) < at(heap, left) ? left + 1 : left;
    if (at(heap, child) >= at(heap, index)) return;
    swap(heap, index, child);
    index = child;
  }
};
