import type { Call, InsertCall, Packed, SaveCall } from './calls.ts';

export const pack = (call: Call): Call | Packed => {
  if (call.kind !== 'insert' && call.kind !== 'save') return call;
  const { kind, collection, id, record, events } = call;
  const { text, keys, labels } = record;
  const expected = kind === 'save' ? call.expected : 0;
  const rest = [...keys];
  for (const [key, value] of labels) rest.push(key, value);
  for (const event of events) rest.push(event.source, event.text);
  return [kind, collection, id, expected, text, keys.length, labels.length, ...rest];
};

const isPacked = (call: Call | Packed): call is Packed => Array.isArray(call);

export const unpack = (packed: Call | Packed): Call => {
  if (!isPacked(packed)) return packed;
  const [kind, collection, id, expected, text, keys, labels] = packed;
  const keysEnd = 7 + keys;
  const labelsEnd = keysEnd + 2 * labels;
  const record = {
    text,
    keys: packed.slice(7, keysEnd),
    labels: pairsIn(packed, keysEnd, labelsEnd),
  };
  const events = pairsIn(packed, labelsEnd, packed.length).map(([source, event]) => ({ source, text: event }));
  const call: Omit<InsertCall, 'kind'> = { collection, id, record, events };
  return kind === 'insert' ? { kind, ...call } : ({ kind, ...call, expected } satisfies SaveCall);
};

const pairsIn = (packed: Packed, start: number, end: number): readonly (readonly [string, string])[] => {
  const pairs: (readonly [string, string])[] = [];
  for (let at = start; at < end; at += 2) pairs.push([String(packed[at]), String(packed[at + 1])]);
  return pairs;
};
