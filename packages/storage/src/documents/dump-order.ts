import type { CollectionDeclaration } from '../collection.ts';
import { compareText } from './order.ts';

/**
 * Collections in the order in which a dump tells them: by name, but each behind those that it names in `dumpAfter`, as far as they are there. Should
 * some of them wait for each other, the first by name does not.
 */
export const inDumpOrder = (declarations: readonly CollectionDeclaration[]): readonly CollectionDeclaration[] => {
  const waiting = declarations.toSorted((left, right) => compareText(left.name, right.name));
  const ordered: CollectionDeclaration[] = [];
  while (waiting.length > 0) {
    const names = waiting.map(({ name }) => name);
    const free = waiting.findIndex(({ dumpAfter = [] }) => !dumpAfter.some((name) => names.includes(name)));
    ordered.push(...waiting.splice(Math.max(free, 0), 1));
  }
  return ordered;
};
