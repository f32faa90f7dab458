import { SimfleetError } from '@simfleet/contracts';
import type { Terminal } from '../terminal.ts';
import { checkManifest } from './check.ts';
import type { Manifest } from './check.ts';
import { parseDocuments } from './document.ts';
import { readManifest } from './read.ts';

export { dotted, mistakesError } from './check.ts';
export type { Manifest } from './check.ts';
export { relocated } from './relocate.ts';

/** All mistakes of all documents at once: nothing is sent while one of them is wrong. */
const checkAll = (checks: readonly (() => Manifest)[]): readonly Manifest[] => {
  const faults: string[] = [];
  const manifests = checks.flatMap((check) => {
    try {
      return [check()];
    } catch (error) {
      if (!(error instanceof SimfleetError) || error.code !== 'invalid-request') throw error;
      faults.push(error.detail);
      return [];
    }
  });
  if (faults.length > 0) throw new SimfleetError('invalid-request', faults.join('\n'));
  return manifests;
};

/** Reads and checks the manifests of all files, in order. Throws before anything is sent when one is wrong. */
export const loadManifests = async (terminal: Terminal, sources: readonly string[]): Promise<readonly Manifest[]> => {
  const texts = [];
  for (const source of sources) texts.push(await readManifest(terminal, source));
  const documents = texts.flatMap(parseDocuments);
  return checkAll(documents.map((document) => () => checkManifest(document)));
};
