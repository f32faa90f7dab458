import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PackageImport } from './follow-imports.ts';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/**
 * Folders below `node_modules` of these packages and all that they depend on, as Node finds them from where they are. Packages of types alone and
 * what an optional dependency names without being there are left out. Throws when something else is not there.
 */
export const installedPackages = (root: string, imports: readonly PackageImport[]): ReadonlySet<string> => {
  const found = new Set<string>();

  /** As Node does: in every `node_modules` from here upwards. */
  const folderOf = (name: string, from: string): string | null => {
    for (let at = from; ; at = dirname(at)) {
      const folder = join(at, 'node_modules', name);
      if (existsSync(join(root, folder, 'package.json'))) return folder;
      if (at === '.') return null;
    }
  };

  const add = (name: string, from: string, optional: boolean): void => {
    if (name.startsWith('@types/')) return;
    const folder = folderOf(name, from);
    if (folder === null && !optional) throw new Error(`${name}, which ${from} needs, is not installed`);
    if (folder === null || found.has(folder)) return;
    found.add(folder);
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
    Object.keys(dependencies).forEach((each) => add(each, folder, each in optionalDependencies));
    Object.keys(peerDependencies)
      .filter((each) => peerDependenciesMeta[each]?.optional !== true)
      .forEach((each) => add(each, folder, false));
  };

  imports.forEach(({ name, from }) => add(name, from, false));
  return found;
};

/** What Node never reads below `node_modules`: sources and types, source maps, prose. Licences stay. */
const unread = /(\.[cm]?ts|\.map|\.md|\.markdown|\.tsbuildinfo|\.flow)$/i;
const licence = /^(licen[cs]e|notice|copying)/i;

/** Files of a package that belong into an image, from the root. */
export const filesOfPackage = (root: string, folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesOfPackage(root, path);
    return entry.isFile() && (!unread.test(entry.name) || licence.test(entry.name)) ? [path] : [];
  });
