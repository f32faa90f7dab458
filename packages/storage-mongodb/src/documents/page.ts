import type { FieldDeclaration } from '@simfleet/storage';
import type { Question } from '@simfleet/storage/documents';
import type { Filter } from 'mongodb';
import type { Row } from '../layout.ts';
import { orderedText } from '../ordered-text.ts';
import { pathOf, storedKey } from './conditions.ts';

/** A bound that every value of the type lies above, and null does not: comparisons stay within one type. */
const anyValue = (type: FieldDeclaration['type']): object =>
  type === 'text' || type === 'integer64' ? { $gte: '' } : { $gte: -Infinity };

/**
 * The stretches of the walk beyond its start, in walking order; each is one range of the sort's index, where one condition joined by OR might
 * be none. Null sorts first.
 */
export const stretchesOf = ({ field, type, start, ascending }: Question): readonly Filter<Row>[] => {
  if (start === null) return [{}];
  const path = pathOf(field);
  const beyond = ascending ? '$gt' : '$lt';
  const ties: Filter<Row> = { [path]: storedKey(start.key), _id: { [beyond]: orderedText(start.id) } };
  if (start.key === null) return ascending ? [ties, { [path]: anyValue(type) }] : [ties];
  const rest: Filter<Row> = { [path]: { [beyond]: storedKey(start.key) } };
  return ascending ? [ties, rest] : [ties, rest, { [path]: null }];
};

export const sortOf = ({ field, ascending }: Question): Readonly<Record<string, 1 | -1>> => {
  const direction = ascending ? 1 : -1;
  return { [pathOf(field)]: direction, _id: direction };
};
