import type { Collection } from '@simfleet/storage';
import { idOf, rowOf, rows, type Row } from './data.ts';

/** The same writes to another table, for a peer that walks that. */
export interface Mirror {
  insert(id: string, row: Row): Promise<unknown>;
  change(id: string, row: Row): Promise<unknown>;
  remove(id: string): Promise<unknown>;
}

/** Writes under way, and what they have done so far. */
export interface Writes {
  readonly counts: Readonly<Record<'inserts' | 'deletes' | 'updates' | 'moves', number>>;
  /** Whether the row has been there all the time with the same sort key. */
  isSteady(index: number): boolean;
  /** Rejects with what a write failed with. */
  stop(): Promise<void>;
}

/** Divides the number of rows. */
const loops = 16;

/** Reproducible numbers in [0, 1): Lehmer's generator, https://doi.org/10.1145/63039.63042. */
const numbers = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};

/** Inserts, deletes and changes rows all over the list, a quarter each: half of the changes are of the sort key. */
export const startWriting = (listed: Collection<Row>, mirror: Mirror | null): Writes => {
  const counts = { inserts: 0, deletes: 0, updates: 0, moves: 0 };
  const versions = new Uint32Array(rows).fill(1);
  const [deleted, moved] = [new Uint8Array(rows), new Uint8Array(rows)];
  /** Where each row stands now. */
  const places = Uint32Array.from({ length: rows }, (_, index) => index);
  let stopped = false;

  const write = async (at: number, random: () => number): Promise<void> => {
    // A row belongs to one loop, so that no two write it at once.
    const index = Math.floor((random() * rows) / loops) * loops + at;
    const [kind, place] = [Math.floor(random() * 4), Math.floor(random() * rows)];
    if (kind === 0) {
      const id = `new-${at}-${counts.inserts}-${index}`;
      await listed.insert(id, rowOf(place));
      await mirror?.insert(id, rowOf(place));
      counts.inserts += 1;
      return;
    }
    if (deleted[index] === 1) return;
    const [id, expected] = [idOf(index), versions[index] ?? 0];
    if (kind === 1) {
      deleted[index] = 1;
      await listed.delete(id, expected);
      await mirror?.remove(id);
      counts.deletes += 1;
      return;
    }
    if (kind === 3) {
      moved[index] = 1;
      places[index] = place;
    }
    const row = rowOf(places[index] ?? 0, `changed ${counts.updates + counts.moves} times before`);
    await listed.save(id, expected, row);
    await mirror?.change(id, row);
    versions[index] = expected + 1;
    counts[kind === 2 ? 'updates' : 'moves'] += 1;
  };

  const loop = async (at: number): Promise<void> => {
    const random = numbers(1000 + at);
    while (!stopped) await write(at, random);
  };
  const running = Promise.all(Array.from({ length: loops }, (_, at) => loop(at)));
  running.catch(() => undefined);
  return {
    counts,
    isSteady: (index) => deleted[index] === 0 && moved[index] === 0,
    async stop() {
      stopped = true;
      await running;
    },
  };
};
