// Installs the system tools that tests need and npm cannot bring, where that is possible without asking: as root on Debian and its kin.
// Elsewhere it says what is missing; the tests that need it then skip with that reason, which fails in CI.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Command → the Debian package that holds it, and what it is for. */
const tools: Readonly<Record<string, { readonly package: string; readonly purpose: string }>> = {
  strace: { package: 'strace', purpose: 'shows that data is synced before it is acknowledged' },
};

const isThere = (command: string): boolean => spawnSync(command, ['-V'], { stdio: 'ignore' }).error === undefined;
const missing = Object.entries(tools).filter(([command]) => !isThere(command));

const apt = (...args: readonly string[]): void => {
  spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
};

if (missing.length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  console.log(`installing ${missing.map(([command]) => command).join(', ')} …`);
  apt('update');
  apt('install', '--yes', '--no-install-recommends', ...missing.map(([, tool]) => tool.package));
}
for (const [command, { purpose }] of missing.filter(([name]) => !isThere(name))) {
  console.log(`${command} is missing: its tests are skipped (it ${purpose})`);
}
