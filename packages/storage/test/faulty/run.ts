import { testStorage } from '@simfleet/storage/contract';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { temporaryDirectories } from '../sqlite/directories.ts';
import { dropIndex } from '../sqlite/opener.ts';
import type { Fault } from './fault.ts';

/** Runs the suite on the memory store with one fault: `run.ts <name of the fault>`, or `healthy`. */
const name = process.argv[2] ?? 'healthy';
const fault = name === 'healthy' ? null : ((await import(`./faults/${name}.ts`)) as { readonly fault: Fault }).fault;

const makeDirectory = temporaryDirectories();

testStorage({
  name,
  open: async () => fault?.spoil(openMemoryStorage()) ?? openMemoryStorage(),
  capabilities: {
    shared: fault?.shared ?? false,
    durable: fault?.opener === undefined ? null : { opener: fault.opener, makeDirectory, dropIndex },
  },
});
