import type { Appended, Entry, Log, NewEntry } from '@simfleet/storage';
import { entriesToWrite } from '@simfleet/storage/documents';
import type { Connection } from '../connection.ts';
import { checkSize } from '../documents/rows.ts';
import { chunksOf, headsOf } from '../layout.ts';
import { orderedText } from '../ordered-text.ts';
import { appendTogether } from './append.ts';
import { bytesOf, GatheredAppends } from './gather.ts';
import { readEntries } from './read.ts';

/** Streams without transactions: one head document each, through which all changes go, and chunks of older entries. */
export class MongoLog implements Log {
  readonly #connection: Connection;
  readonly #appends: GatheredAppends;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#appends = new GatheredAppends((stream, calls) => appendTogether(connection.db, stream, calls));
  }

  async append(stream: string, entries: readonly NewEntry[]): Promise<readonly Appended[]> {
    this.#connection.checkOpen();
    const ready = entriesToWrite(stream, entries);
    if (ready.length === 0) return [];
    checkSize('The call', bytesOf(ready));
    return this.#connection.run(() => this.#appends.append(stream, ready));
  }

  read(stream: string, after: number, limit: number): Promise<readonly Entry[]> {
    return this.#connection.run(() => readEntries(this.#connection.db, stream, after, limit));
  }

  async last(stream: string): Promise<number> {
    const filter = { _id: orderedText(stream) };
    const found = await this.#connection.run(() =>
      headsOf(this.#connection.db).findOne(filter, { projection: { last: 1 } }),
    );
    return found?.last ?? 0;
  }

  async trim(stream: string, through: number): Promise<void> {
    const { db } = this.#connection;
    await this.#connection.run(async () => {
      const _id = orderedText(stream);
      const head = await headsOf(db).findOne({ _id }, { projection: { e: 1, last: 1 } });
      if (head === null) return;
      const { e } = head;
      const t = Math.min(through, head.last);
      // First the head, which readers go by. Chunks that a death leaves behind go with the next trim.
      await headsOf(db).updateOne({ _id, e }, { $max: { t }, $pull: { tail: { p: { $lte: t } } } });
      await chunksOf(db).deleteMany({ s: _id, e, n: { $lte: t } });
    });
  }

  async drop(stream: string): Promise<void> {
    const { db } = this.#connection;
    await this.#connection.run(async () => {
      const s = orderedText(stream);
      // Also those of incarnations that a death kept from being dropped whole. Listed before the head goes: what comes after is a new one's.
      const epochs = await chunksOf(db).distinct('e', { s });
      await headsOf(db).deleteOne({ _id: s });
      const now = (await headsOf(db).findOne({ _id: s }, { projection: { e: 1 } }))?.e;
      await chunksOf(db).deleteMany({ s, e: { $in: epochs.filter((epoch) => epoch !== now) } });
    });
  }
}
