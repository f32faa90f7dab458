// Builds the wire-protocol server into the user's cache. Clones that build at once do not meet: each works in a directory of its own
// and renames it into place; who comes second throws his away.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  isWireServerBuilt,
  wireServerHome,
  wireServerSources,
} from '../../../packages/testing/src/mongo-wire-server.ts';

const run = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 }).status === 0;

const buildIn = (directory: string): boolean => {
  const [pom = '', main = ''] = wireServerSources.files.map((file) => join(wireServerSources.directory, file));
  const lib = join(directory, 'lib');
  return (
    run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${lib}`]) &&
    run('javac', ['--release', '17', '-d', directory, '-cp', join(lib, '*'), main])
  );
};

/** Says what it does, and what is missing when it cannot. */
export const buildMongoWireServer = (): void => {
  if (isWireServerBuilt()) return;
  console.log('building the wire-protocol server for tests of MongoDB …');
  const home = wireServerHome();
  mkdirSync(dirname(home), { recursive: true });
  const directory = mkdtempSync(join(dirname(home), `.${basename(home)}-`));
  try {
    if (buildIn(directory) && !existsSync(home)) renameSync(directory, home);
  } catch (error) {
    if (!isWireServerBuilt()) throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  if (!isWireServerBuilt()) console.log('it could not be built (needs Maven and a JDK): tests of MongoDB are skipped');
};
