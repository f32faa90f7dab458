import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const build = fileURLToPath(new URL('../../hack/images/build.ts', import.meta.url));

/** Why images cannot be made here, or false. */
export const imagesMissing = (): string | false =>
  process.platform === 'linux' ? false : 'images are made of the programs and libraries of a Linux machine';

export interface BuiltImage {
  readonly name: string;
  readonly digest: string;
  readonly bytes: number;
}

/** Runs `hack/images/build.ts` as a person would. */
export const buildImages = (
  out: string,
  flags: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): readonly BuiltImage[] =>
  execFileSync(process.execPath, ['--no-warnings', build, '--tag', 'test', '--out', out, ...flags], {
    ...{ encoding: 'utf8', env: { ...process.env, ...variables } },
  })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as BuiltImage);

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

export interface ImageConfig {
  readonly User: string;
  readonly WorkingDir: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly StopSignal: string;
}

/** An image read back from an archive by the words of its formats alone. */
export interface ReadImage {
  readonly config: ImageConfig;
  /** Files of the layers, lowest first. */
  readonly layers: readonly string[];
}

/** An archive unpacked into `folder`; every blob is checked against its digest. */
export const openArchive = (file: string, folder: string) => {
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xf', file, '-C', folder]);
  const json = <T>(path: string): T => JSON.parse(readFileSync(join(folder, path), 'utf8')) as T;
  const blob = ({ digest, size }: Descriptor): string => {
    const path = join('blobs', digest.replace(':', '/'));
    const bytes = readFileSync(join(folder, path));
    const actual = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (actual !== digest || bytes.length !== size) throw new Error(`${path} is not what its name says`);
    return path;
  };
  const { manifests } = json<{
    readonly manifests: readonly (Descriptor & { readonly annotations: Readonly<Record<string, string>> })[];
  }>('index.json');

  const find = (name: string): ReadImage => {
    const found = manifests.find(({ annotations }) => annotations['io.containerd.image.name'] === name);
    if (found === undefined) throw new Error(`${name} is not in the archive`);
    const manifest = json<{ readonly config: Descriptor; readonly layers: readonly Descriptor[] }>(blob(found));
    const { config, rootfs } = json<{
      readonly config: ImageConfig;
      readonly rootfs: { readonly diff_ids: readonly string[] };
    }>(blob(manifest.config));
    if (rootfs.diff_ids.join() !== manifest.layers.map(({ digest }) => digest).join()) throw new Error('other layers');
    return { config, layers: manifest.layers.map((layer) => join(folder, blob(layer))) };
  };
  return { find, names: manifests.map(({ annotations }) => annotations['io.containerd.image.name'] ?? '') };
};

/** The files of an image as its containers see them, with the folders that a container runtime makes. */
export const unpack = ({ layers }: ReadImage, root: string): void => {
  for (const folder of ['', 'dev', 'proc']) mkdirSync(join(root, folder), { recursive: true });
  for (const layer of layers) execFileSync('tar', ['-xpf', layer, '-C', root]);
  chmodSync(root, 0o755);
};
