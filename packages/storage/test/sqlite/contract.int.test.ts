import { testStorage } from '@simfleet/storage/contract';
import { temporaryDirectories } from './directories.ts';
import { dropIndex, openAt } from './opener.ts';

const makeDirectory = temporaryDirectories();

testStorage({
  name: 'sqlite',
  open: async () => openAt(await makeDirectory()),
  capabilities: {
    shared: false,
    durable: { opener: new URL('./opener.ts', import.meta.url).href, makeDirectory, dropIndex },
  },
});
