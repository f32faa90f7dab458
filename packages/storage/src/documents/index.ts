// What adapters share, so that they check, order and serialise alike.
export { CommitListeners } from './commit-listeners.ts';
export { checkDeclaration } from './declaration.ts';
export { inDumpOrder } from './dump-order.ts';
export { readDumpRecord } from './dump-record.ts';
export { dumpToLoad, keyTwice, notEmpty, type ItemToLoad } from './dump-to-load.ts';
export { entriesToWrite, notReproducible, type EntryToWrite } from './entries.ts';
export { keyIn, showKey } from './fields.ts';
export { canonicalJson, storedJson } from './json.ts';
export { isName } from './name.ts';
export { afterPrefix, compareKeys, compareText, type StoredKey } from './order.ts';
export { checkAtMost, conditionsOf, questionOf, type Condition, type Question, type Start } from './question.ts';
export {
  checkId,
  eventsToWrite,
  keysAgain,
  recordToWrite,
  writtenAs,
  type EventToWrite,
  type RecordToWrite,
} from './record.ts';
