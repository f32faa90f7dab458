import { dumpToLoad, type ItemToLoad } from '../documents/dump-to-load.ts';
import type { DumpRecord } from '../dump.ts';
import type { Writer } from './writer/writer.ts';

/** Items sent to the thread at once, and their text in UTF-16 units, whichever is reached first: bounds what is in memory. */
const mostItems = 1000;
const mostText = 4_000_000;

const textOf = (item: ItemToLoad): number => {
  if (item.kind === 'document') return item.record.text.length;
  if (item.kind === 'event') return item.event.text.length;
  return item.kind === 'entry' ? item.entry.text.length : 0;
};

async function* batchesOf(items: AsyncIterable<ItemToLoad>): AsyncGenerator<readonly ItemToLoad[]> {
  let batch: ItemToLoad[] = [];
  let text = 0;
  for await (const item of items) {
    batch.push(item);
    text += textOf(item);
    if (batch.length < mostItems && text < mostText) continue;
    yield batch;
    [batch, text] = [[], 0];
  }
  yield batch;
}

/** One transaction in the writer's thread, fed batch by batch. */
export const loadInto = async (writer: Writer, records: AsyncIterable<DumpRecord>): Promise<void> => {
  await writer.call({ kind: 'load', step: 'begin' });
  try {
    for await (const items of batchesOf(dumpToLoad(records))) await writer.call({ kind: 'load', step: 'items', items });
    await writer.call({ kind: 'load', step: 'commit' });
  } catch (error) {
    // After a failed call nothing is left to abandon, and a writer that has ended has forgotten everything: only the first error tells.
    await writer.call({ kind: 'load', step: 'abandon' }).catch(() => undefined);
    throw error;
  }
};
