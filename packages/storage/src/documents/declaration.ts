import { SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration } from '../collection.ts';

const refuse = (name: string, detail: string): never => {
  throw new SimfleetError('invalid-configuration', `Collection "${name}" ${detail}.`);
};

/** Throws `invalid-configuration` when a declaration cannot be prepared by every adapter. */
export const checkDeclaration = ({
  name,
  fields,
  sorts,
  indexes = [],
  dumpAfter = [],
}: CollectionDeclaration): void => {
  if (!/^[a-z][a-z_]{0,39}$/.test(name)) refuse(name, 'must be named with at most 40 lower-case letters and "_"');
  if (dumpAfter.includes(name)) refuse(name, 'is dumped after itself');
  const names = Object.keys(fields);
  for (const field of names) {
    if (!/^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(field)) refuse(name, `has a field "${field}" that is not a plain word`);
    if (fields[field]?.path.length === 0) refuse(name, `has a field "${field}" without a path`);
  }
  // SQL column names ignore case.
  if (new Set(names.map((field) => field.toLowerCase())).size < names.length) {
    refuse(name, 'has two fields whose names differ in case only');
  }
  for (const sort of sorts) if (!names.includes(sort)) refuse(name, `sorts by "${sort}", which is not a field`);
  for (const { equal, sort } of indexes) {
    if (!sorts.includes(sort)) refuse(name, `has an index in the order of "${sort}", by which it does not sort`);
    const unknown = equal.find((field) => !names.includes(field));
    if (unknown !== undefined) refuse(name, `has an index over "${unknown}", which is not a field`);
    if (equal.length < 1 || equal.length > 4 || new Set([...equal, sort]).size <= equal.length)
      refuse(
        name,
        `has an index over ${[...equal, sort].join(', ')}: it takes one to four fields and a sort, each once`,
      );
  }
};
