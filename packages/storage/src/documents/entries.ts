import { SimfleetError } from '@simfleet/contracts';
import type { NewEntry } from '../log.ts';
import { canonicalJson } from './json.ts';
import { isName, nameRule } from './name.ts';

/** An entry made ready to be appended: its data as canonical JSON, so that equal data is equal text. */
export interface EntryToWrite {
  readonly key: string;
  readonly text: string;
}

const checkName = (pointer: string, text: string): void => {
  if (isName(text)) return;
  throw new SimfleetError('invalid-request', `${pointer} ${nameRule}.`, { mistakes: [{ pointer, detail: nameRule }] });
};

/** Throws `invalid-request` naming the place when an entry cannot be stored. */
export const entriesToWrite = (stream: string, entries: readonly NewEntry[]): readonly EntryToWrite[] => {
  checkName('/stream', stream);
  return entries.map(({ key, data }, index) => {
    checkName(`/entries/${index}/key`, key);
    return { key, text: canonicalJson(data) };
  });
};

export const notReproducible = (stream: string, key: string): SimfleetError =>
  new SimfleetError('not-reproducible', `Stream "${stream}" holds other data under the key "${key}".`);
