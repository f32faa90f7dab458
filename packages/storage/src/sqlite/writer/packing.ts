import type { StoredKey } from '../../documents/order.ts';
import type { Call, InsertCall, Packed, SaveCall } from './calls.ts';

/**
 * Inserts and saves cross threads as members of one flat list, since of an object every name of a member is copied and looked up again, which takes
 * longer than all the rest of it. Kind, collection, id, expected version, text and the numbers of keys, labels and events come first, then these
 * themselves, labels and events as two members each. Other calls cross as they are.
 */
export const packInto = (packed: (Call | StoredKey)[], call: Call): void => {
  if (call.kind !== 'insert' && call.kind !== 'save') return void packed.push(call);
  const { kind, collection, id, record, events } = call;
  const { text, keys, labels } = record;
  const expected = kind === 'save' ? call.expected : 0;
  packed.push(kind, collection, id, expected, text, keys.length, labels.length, events.length);
  for (const key of keys) packed.push(key);
  for (const [key, value] of labels) packed.push(key, value);
  for (const event of events) packed.push(event.source, event.text);
};

const headLength = 8;

export const unpacked = (packed: Packed): Call[] => {
  const calls: Call[] = [];
  // All but other calls and keys are texts and numbers.
  const texts = packed as readonly string[];
  for (let at = 0; at < packed.length;) {
    const first = packed[at];
    if (typeof first === 'object' && first !== null) {
      calls.push(first);
      at += 1;
      continue;
    }
    const keysAt = at + headLength;
    const labelsAt = keysAt + Number(packed[at + 5]);
    const eventsAt = labelsAt + 2 * Number(packed[at + 6]);
    const end = eventsAt + 2 * Number(packed[at + 7]);
    const call: Omit<InsertCall, 'kind'> = {
      collection: texts[at + 1] ?? '',
      id: texts[at + 2] ?? '',
      record: {
        text: texts[at + 4] ?? '',
        keys: packed.slice(keysAt, labelsAt) as StoredKey[],
        labels: pairsIn(texts, labelsAt, eventsAt),
      },
      events: pairsIn(texts, eventsAt, end).map(([source, text]) => ({ source, text })),
    };
    const expected = Number(packed[at + 3]);
    calls.push(
      first === 'insert' ? { kind: first, ...call } : ({ kind: 'save', ...call, expected } satisfies SaveCall),
    );
    at = end;
  }
  return calls;
};

const pairsIn = (texts: readonly string[], start: number, end: number): readonly (readonly [string, string])[] => {
  const pairs: (readonly [string, string])[] = [];
  for (let at = start; at < end; at += 2) pairs.push([texts[at] ?? '', texts[at + 1] ?? '']);
  return pairs;
};
