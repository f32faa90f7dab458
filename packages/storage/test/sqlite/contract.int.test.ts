import { testStorage } from '@simfleet/storage/contract';
import { temporaryDirectories } from './directories.ts';
import { openAt } from './opener.ts';

const makeDirectory = temporaryDirectories();

testStorage({
  name: 'sqlite',
  open: async () => openAt(await makeDirectory()),
  capabilities: { durable: { opener: new URL('./opener.ts', import.meta.url).href, makeDirectory } },
});
