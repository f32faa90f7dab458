import { createHash } from 'node:crypto';
import { SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration } from '@simfleet/storage';
import type { EventToWrite, RecordToWrite, StoredKey } from '@simfleet/storage/documents';
import type { Row, StoredEvent } from '../layout.ts';
import { storedKey, storedLabel } from './conditions.ts';
import type { Marks } from './marks.ts';

/** MongoDB keeps at most 16 MiB in a document; what is left is for keys, labels and events. */
const mostBytes = 12 * 1024 * 1024;
const mostUnits = mostBytes / 3;

/** Throws `invalid-request` when a text is too long for one document of the database. */
export const checkSize = (what: string, bytes: number): void => {
  if (bytes <= mostBytes) return;
  const detail = `${what} has ${bytes} bytes as JSON, and MongoDB takes ${mostBytes} at a time`;
  throw new SimfleetError('invalid-request', `${detail}.`, { mistakes: [{ pointer: '', detail }] });
};

/** Names the fields of a declaration: rows of another shape have their keys drawn out again. */
export const shapeOf = ({ fields }: CollectionDeclaration): string =>
  createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 12);

export const keysOf = (fields: readonly string[], keys: readonly StoredKey[]): NonNullable<Row['keys']> => {
  const byField: Record<string, StoredKey> = {};
  fields.forEach((field, index) => (byField[field] = storedKey(keys[index] ?? null)));
  return byField;
};

/** What insert and save write of a document, but for id, version and events. */
export const contentOf = (
  fields: readonly string[],
  shape: string,
  { text, keys, labels }: RecordToWrite,
): Pick<Row, 'doc' | 'keys' | 'labels' | 'shape'> => {
  // Counted only where it could matter: a unit of text is at most three bytes.
  if (text.length > mostUnits) checkSize('The document', Buffer.byteLength(text));
  return {
    doc: text,
    keys: keysOf(fields, keys),
    labels: labels.map(([key, value]) => storedLabel(key, value)),
    shape,
  };
};

export const markedEvents = (marks: Marks, events: readonly EventToWrite[]): readonly StoredEvent[] =>
  events.map(({ source, text }) => ({ m: marks.next(), source, text }));
