import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildGoTool, findGoTool } from '../../packages/testing/src/go-tool.ts';
import { kind } from '../../packages/testing/src/kubernetes/programs.ts';
import { building } from '../building.ts';

/** Of `kind-config.yaml`. */
const name = 'simfleet';

export const dockerRuns = (): boolean => spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0;

const run = (...words: readonly string[]): void => {
  const found = findGoTool(kind);
  if ('missing' in found) throw new Error(found.missing);
  execFileSync(found.file, words, { stdio: 'inherit' });
};

const isThere = (): boolean => {
  const found = findGoTool(kind);
  if ('missing' in found) return false;
  return execFileSync(found.file, ['get', 'clusters'], { encoding: 'utf8' }).split('\n').includes(name);
};

/** Makes the cluster of `kind-config.yaml` unless it is there; its node image comes from a registry. Throws where Docker does not run. */
export const kindUp = async (): Promise<void> => {
  if (!dockerRuns()) throw new Error('kind needs Docker, and it does not run here');
  await building('kind', findGoTool(kind), buildGoTool.bind(null, kind), 'clusters by kind');
  const configuration = join(import.meta.dirname, '../../kind-config.yaml');
  if (!isThere()) run('create', 'cluster', '--config', configuration, '--wait', '180s');
};

/** Idempotent. */
export const kindDown = (): void => {
  if (isThere()) run('delete', 'cluster', '--name', name);
};

/** Gives every node the images of an archive. */
export const kindLoad = (archive: string): void => run('load', 'image-archive', archive, '--name', name);
