// What is in each image, for the Dockerfile and for the archives that are made without Docker: one list for both.
import { globSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { followImports } from './follow-imports.ts';
import type { PackageImport } from './follow-imports.ts';
import { filesOfPackage, installedPackages } from './installed-packages.ts';

export type ImageName = 'platform' | 'runner' | 'example';

export interface Image {
  /** Programs in it; all that they import comes with them. */
  readonly entries: readonly string[];
  /** Files that programs read without importing them, as globs from the root. */
  readonly files: readonly string[];
  /** Packages that programs read without importing them. */
  readonly packages: readonly PackageImport[];
  /** Words of the command that a container runs, behind Node; the platform's is chosen by who starts it. */
  readonly command: readonly string[];
  readonly description: string;
}

const kernels = 'packages/simulation/src/engines/*/kernel.wasm';
const scripts = 'packages/rate-limit/src/redis/lua/*.lua';

export const images: Readonly<Record<ImageName, Image>> = {
  platform: {
    entries: [
      'services/all-in-one/src/main.ts',
      'services/all-in-one/src/backup-main.ts',
      'operator/src/main.ts',
      'packages/cli/bin/simfleet.js',
    ],
    files: [kernels, scripts, 'LICENSE'],
    packages: [{ name: 'swagger-ui-dist', from: 'packages/http' }],
    command: [],
    description: 'Services, operator and command line of Simfleet',
  },
  runner: {
    entries: ['packages/simulation/src/container/shard-main.ts'],
    files: [kernels, 'LICENSE'],
    packages: [],
    command: ['packages/simulation/src/container/shard-main.ts'],
    description: 'One shard of a Simfleet job, with the built-in engines',
  },
  example: {
    entries: ['examples/container-service/simulate.mjs'],
    files: [],
    packages: [],
    command: ['examples/container-service/simulate.mjs'],
    description: 'An example of a simulation of one’s own',
  },
};

/** Where the tree is in an image. */
export const application = 'app';

/** A file, with where its bytes are or with the bytes, a symbolic link, or a folder with a mode of its own. */
export type Entry = { readonly path: string; readonly mode: number } & (
  | { readonly source: string }
  | { readonly pieces: readonly Buffer[] }
  | { readonly link: string }
  | { readonly directory: true }
);

/** The tree of an image below `application`, sorted; `root` is the repository, its production dependencies installed. */
export const treeOf = (root: string, name: ImageName): readonly Entry[] => {
  const { entries, files, packages } = images[name];
  const needed = followImports(root, entries);
  const folders = installedPackages(root, [...needed.packages, ...packages]);
  const ours = new Set([
    ...needed.files,
    ...files.flatMap((pattern) => globSync(pattern, { cwd: root })),
    ...[...needed.files].map((file) => manifestOf(root, file)).filter((file) => file !== null),
  ]);
  const theirs = [...folders].flatMap((folder) => filesOfPackage(root, folder));
  // Workspaces are linked as npm links them: Node runs no TypeScript below a real node_modules.
  const links = [...needed.workspaces].map(([workspace, folder]) => {
    const path = join('node_modules', workspace);
    return { path, mode: 0o777, link: relative(dirname(path), folder) };
  });
  const copied = [...ours, ...theirs].map((path) => ({ path, mode: 0o644, source: join(root, path) }));
  return [...copied, ...links].sort(byPath);
};

/** By code unit, whatever the language of the machine. */
export const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : Number(a.path > b.path);

/** The manifest that says what a file is: that of its workspace. */
const manifestOf = (root: string, file: string): string | null => {
  const [manifest] = globSync('{packages,services}/*/package.json', { cwd: root })
    .concat('operator/package.json')
    .filter((each) => file.startsWith(`${dirname(each)}/`));
  return manifest ?? null;
};
