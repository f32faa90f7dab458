import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { isBuiltin, stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

/** What a program needs of the repository, found by reading it. */
export interface Needed {
  /** Files of ours, from the root of the repository. */
  readonly files: ReadonlySet<string>;
  /** Folder of each workspace that a file of ours is imported from by name: name → folder. */
  readonly workspaces: ReadonlyMap<string, string>;
  readonly packages: readonly PackageImport[];
}

/** A package of others, and the folder from whose view it is meant: two workspaces may have different versions of it. */
export interface PackageImport {
  readonly name: string;
  readonly from: string;
}

const imports = [
  /(?:^|[;\n])\s*(?:import|export)\b[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]/g,
  /(?:^|[;\n])\s*import\s*['"]([^'"]+)['"]/g,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  /\bnew URL\(\s*['"](\.[^'"]+)['"],\s*import\.meta\.url/g,
];

/** Types are stripped as Node strips them: what is imported for its type alone is not needed. */
const specifiersOf = (file: string): readonly string[] => {
  const text = readFileSync(file, 'utf8');
  const program = file.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
  return imports.flatMap((pattern) => [...program.matchAll(pattern)].map(([, specifier]) => specifier ?? ''));
};

const nameOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

interface Manifest {
  readonly exports?: Readonly<Record<string, string>>;
}

/** Follows imports, workers and `new URL(…)` from the entries, all paths from `root`. Throws when something is not there. */
export const followImports = (root: string, entries: readonly string[]): Needed => {
  const files = new Set<string>();
  const workspaces = new Map<string, string>();
  const packages: PackageImport[] = [];

  const targetOf = (specifier: string, from: string): string | null => {
    if (specifier.startsWith('.')) return resolve(dirname(from), specifier);
    const name = nameOf(specifier);
    if (isBuiltin(specifier)) return null;
    if (!name.startsWith('@simfleet/')) {
      packages.push({ name, from: relative(root, dirname(from)) });
      return null;
    }
    const folder = realpathSync(join(root, 'node_modules', name));
    workspaces.set(name, relative(root, folder));
    const { exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    const target = exports[`.${specifier.slice(name.length)}`];
    if (target === undefined) throw new Error(`${from}: ${specifier} is not exported`);
    return join(folder, target);
  };

  const follow = (file: string): void => {
    const path = relative(root, file);
    if (files.has(path)) return;
    if (!existsSync(file)) throw new Error(`${path} is not there`);
    files.add(path);
    if (!/\.m?[jt]s$/.test(file)) return;
    for (const specifier of specifiersOf(file)) {
      const target = targetOf(specifier, file);
      if (target !== null) follow(target);
    }
  };

  entries.forEach((entry) => follow(join(root, entry)));
  return { files, workspaces, packages };
};
