import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');
const copied = ['packages', 'services', 'test', 'bench', 'hack'];

/**
 * A copy of the tree into which violations can be planted. Third-party packages are linked from the real node_modules; ours are linked
 * to the copy, or a planted import would resolve to the original and vanish from the graph.
 */
export const copyTree = (): string => {
  const copy = mkdtempSync(join(tmpdir(), 'simfleet-planted-'));
  for (const folder of copied)
    cpSync(join(root, folder), join(copy, folder), {
      recursive: true,
      filter: (path) => !relative(root, path).includes('node_modules'),
    });
  for (const file of ['package.json', 'tsconfig.json', '.dependency-cruiser.cjs', 'eslint.config.mjs', 'knip.json'])
    cpSync(join(root, file), join(copy, file));
  const modules = join(copy, 'node_modules');
  mkdirSync(join(modules, '@simfleet'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@simfleet') symlinkSync(join(root, 'node_modules', name), join(modules, name));
  for (const kind of ['packages', 'services']) {
    for (const name of readdirSync(join(copy, kind))) {
      symlinkSync(join(copy, kind, name), join(modules, '@simfleet', name));
      const nested = join(root, kind, name, 'node_modules');
      if (existsSync(nested)) symlinkSync(nested, join(copy, kind, name, 'node_modules'));
    }
  }
  return copy;
};

export const plant = (copy: string, file: string, source: string): void => {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), source);
};
