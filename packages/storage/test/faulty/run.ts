import { describe } from 'node:test';
import { testStorage } from '@simfleet/storage/contract';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { testShared } from '../../src/contract/shared.ts';
import { temporaryDirectories } from '../sqlite/directories.ts';
import { dropIndex } from '../sqlite/opener.ts';
import type { Fault } from './fault.ts';

/** Runs the suite on the memory store with one fault: `run.ts <name of the fault>`, `healthy`, or `healthy-shared`. */
const name = process.argv[2] ?? 'healthy';
const sound = name.startsWith('healthy');
const fault = sound ? null : ((await import(`./faults/${name}.ts`)) as { readonly fault: Fault }).fault;

const makeDirectory = temporaryDirectories();
const durable = (opener: string) => ({ opener, makeDirectory, dropIndex });

if (name === 'healthy-shared' || fault?.shared === true) {
  // In memory, so it dies with its process: of what outlives one, only the checks of several at once can be run.
  const opener = fault?.opener ?? new URL('./healthy-shared.ts', import.meta.url).href;
  describe('several at once', () => testShared(durable(opener)));
} else {
  testStorage({
    name,
    open: async () => fault?.spoil(openMemoryStorage()) ?? openMemoryStorage(),
    capabilities: {
      shared: false,
      durable: fault?.opener === undefined ? null : durable(fault.opener),
      // A fault may show in one sequence of ten only: that 50 find it would be luck.
      ...(fault === null ? {} : { runs: 1000 }),
    },
  });
}
