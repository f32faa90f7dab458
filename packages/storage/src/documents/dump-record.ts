import { errorCode, SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration } from '../collection.ts';
import type { DumpRecord } from '../dump.ts';
import { checkDeclaration } from './declaration.ts';
import { isName, nameRule } from './name.ts';

type Members = Readonly<Record<string, unknown>>;
/** What is wrong with a value, as the end of a sentence about it; null when nothing is. */
type Check = (value: unknown) => string | null;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const anything: Check = () => null;
const object: Check = (value) => (isObject(value) ? null : 'must be an object');
const text: Check = (value) => (typeof value === 'string' ? null : 'must be text');
const name: Check = (value) => (typeof value === 'string' && isName(value) ? null : nameRule);
const count: Check = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 1 ? null : 'must be a whole number ≥ 1';

/** These members, each as its check wants it, and none besides. */
const members =
  (needed: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value) => {
    if (!isObject(value)) return 'must be an object';
    const lacking = Object.keys(needed).find((member) => !Object.hasOwn(value, member));
    if (lacking !== undefined) return `lacks "${lacking}"`;
    const checks = { ...needed, ...optional };
    for (const [member, check] of Object.entries(checks)) {
      const wrong = Object.hasOwn(value, member) ? check(value[member]) : null;
      if (wrong !== null) return `has "${member}", which ${wrong}`;
    }
    const unknown = Object.keys(value).find((member) => !Object.hasOwn(checks, member));
    return unknown === undefined ? null : `has "${unknown}", which is not known`;
  };

const listOf =
  (of: string, check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every((item) => check(item) === null) ? null : `must be a list of ${of}`;

const fieldType: Check = (value) =>
  ['text', 'number', 'integer64', 'time', 'boolean'].includes(String(value)) ? null : 'must be a type of field';

const fields: Check = (value) => {
  if (!isObject(value)) return 'must be an object';
  const field = members({ path: listOf('texts', text), type: fieldType });
  return (
    Object.values(value)
      .map(field)
      .find((wrong) => wrong !== null) ?? null
  );
};

const indexes = listOf('indexes', members({ equal: listOf('texts', text), sort: text }));

const dumpAfter = listOf('texts', text);

const declaration: Check = (value) => {
  const wrong = members({ name: text, fields, sorts: listOf('texts', text) }, { indexes, dumpAfter })(value);
  if (wrong !== null) return wrong;
  try {
    checkDeclaration(value as CollectionDeclaration);
    return null;
  } catch (error) {
    if (errorCode(error) !== 'invalid-configuration') throw error;
    return `is none: ${(error as SimfleetError).detail}`;
  }
};

/** What every event has; its `data` is the business of its consumers, who may know types that this code does not. */
const event = members(
  {
    specversion: text,
    id: text,
    source: text,
    sourceversion: count,
    type: text,
    time: text,
    customer: text,
    datacontenttype: text,
    data: object,
  },
  { traceparent: text, tracestate: text },
);

const shapes: Readonly<Record<string, Check>> = {
  collection: members({ kind: text, declaration }),
  document: members({ kind: text, collection: name, id: name, version: count, doc: object }),
  event: members({ kind: text, collection: name, document: name, event }),
  stream: members({ kind: text, name, last: count }),
  entry: members({ kind: text, stream: name, position: count, key: name, data: anything }),
};

/** `index` counts from 0. */
export const mistakeInDump = (index: number, detail: string, cause?: unknown): SimfleetError =>
  new SimfleetError('invalid-request', `Record ${index + 1} of the dump ${detail}.`, {
    mistakes: [{ pointer: `/${index}`, detail }],
    cause,
  });

/** Throws `invalid-request` naming the record when a value is none. Whether the JSON in it can be stored is not looked at. */
export const readDumpRecord = (value: unknown, index: number): DumpRecord => {
  const kind = isObject(value) && typeof value['kind'] === 'string' ? value['kind'] : '';
  const check = Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
  const wrong = check === undefined ? 'is of no known kind' : check(value);
  if (wrong !== null) throw mistakeInDump(index, wrong);
  return value as DumpRecord;
};
