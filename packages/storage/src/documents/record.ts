import { errorCode, SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration, Document, NewEvent, Stored } from '../collection.ts';
import { keyIn } from './fields.ts';
import { storedJson } from './json.ts';
import { isName, nameRule } from './name.ts';
import type { StoredKey } from './order.ts';

/** A document made ready to be written: checked, serialised, its keys drawn out in the order of the declaration. */
export interface RecordToWrite {
  readonly text: string;
  readonly keys: readonly StoredKey[];
  readonly labels: readonly (readonly [key: string, value: string])[];
}

/** An event made ready: its text carries the `sourceversion` of the write. */
export interface EventToWrite {
  readonly source: string;
  readonly text: string;
}

const labelsOf = (document: Document): RecordToWrite['labels'] => {
  const { labels } = document as { readonly labels?: unknown };
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return [];
  return Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
};

/** Throws `invalid-request` naming the place when the document cannot be stored as declared. */
export const recordToWrite = (declaration: CollectionDeclaration, document: Document): RecordToWrite => ({
  text: storedJson(document),
  keys: Object.values(declaration.fields).map((field) => keyIn(field, document)),
  labels: labelsOf(document),
});

export const eventsToWrite = (events: readonly NewEvent[], version: number): readonly EventToWrite[] =>
  events.map((event) => ({ source: event.source, text: storedJson({ ...event, sourceversion: version }) }));

/**
 * The keys of a document that is stored already, under a changed declaration. Throws `invalid-configuration` naming it when a field is
 * not of its declared type.
 */
export const keysAgain = (declaration: CollectionDeclaration, id: string, document: unknown): readonly StoredKey[] => {
  try {
    return Object.values(declaration.fields).map((field) => keyIn(field, document));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    const { detail } = error as SimfleetError;
    const told = `${declaration.name} "${id}" in the store does not fit the declaration: ${detail}`;
    throw new SimfleetError('invalid-configuration', told, { cause: error });
  }
};

/** Throws `invalid-request` for an id that no store keeps faithfully. */
export const checkId = (id: string): void => {
  if (isName(id)) return;
  const detail = nameRule;
  throw new SimfleetError('invalid-request', `The id ${detail}.`, { mistakes: [{ pointer: '/id', detail }] });
};

const unread = Symbol('text of the document');

/** `doc` as an own property, as it is of every `Stored`, so that copies have it; read once, when it is first asked for. */
const readLater: PropertyDescriptor = {
  configurable: true,
  enumerable: true,
  get(this: { readonly [unread]: string }): unknown {
    const value: unknown = JSON.parse(this[unread]);
    Object.defineProperty(this, 'doc', { value, enumerable: true });
    return value;
  },
};

/**
 * What was written. Most writers know their document and look at the version alone: it is read back when it is asked for. All answers share one
 * accessor: to an object whose accessor is its own function V8 gives a hidden class of its own, which keeps the text until the next full collection.
 */
export const writtenAs = <Doc>(id: string, version: number, text: string): Stored<Doc> => {
  const written = { id, version };
  Object.defineProperty(written, unread, { value: text });
  return Object.defineProperty(written, 'doc', readLater) as Stored<Doc>;
};
