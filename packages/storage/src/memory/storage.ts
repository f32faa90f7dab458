import { SimfleetError } from '@simfleet/contracts';
import { checkDeclaration } from '../documents/declaration.ts';
import type { Storage } from '../storage.ts';
import { MemoryCollection, redeclare, type MemoryTable } from './collection.ts';
import { dumpMemory, loadMemory } from './dump.ts';
import { MemoryLog } from './log.ts';
import { MemoryOutbox } from './outbox.ts';

/** A store that lives and dies with the process: for tests and trials. «Durable» means nothing more than «written» here. */
export const openMemoryStorage = (): Storage => {
  let open = true;
  const checkOpen = (): void => {
    if (!open) throw new SimfleetError('unavailable', 'The store is closed.');
  };
  const outbox = new MemoryOutbox();
  const log = new MemoryLog(checkOpen);
  const tables = new Map<string, MemoryTable>();
  const content = { tables, outbox, log };
  return {
    description: 'memory',
    shared: false,
    log,
    outbox,
    async collection(declaration) {
      checkOpen();
      checkDeclaration(declaration);
      const table = tables.get(declaration.name) ?? { declaration, rows: new Map() };
      redeclare(table, declaration);
      tables.set(declaration.name, table);
      // The caller names the document's type; the store keeps JSON and cannot know it.
      return new MemoryCollection(table, outbox, checkOpen) as never;
    },
    dump: () => dumpMemory(content, checkOpen),
    load: (records) => loadMemory(content, records, checkOpen),
    async check() {
      checkOpen();
    },
    async close() {
      open = false;
    },
  };
};
