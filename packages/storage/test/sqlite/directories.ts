import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** Makes empty directories that are gone when the tests of the file are over. Call at the top of a test file. */
export const temporaryDirectories = (): (() => Promise<string>) => {
  const made: string[] = [];
  after(() => Promise.all(made.map((directory) => rm(directory, { recursive: true, force: true }))));
  return async () => {
    const directory = await mkdtemp(join(tmpdir(), 'simfleet-storage-'));
    made.push(directory);
    return directory;
  };
};
