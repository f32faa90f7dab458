// Runs every benchmark, one after the other: two at once would measure each other.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const chosen = process.argv.slice(2);
const mains = globSync('bench/*/main.ts').filter(
  (main) => chosen.length === 0 || chosen.some((name) => main.includes(name)),
);
for (const main of mains.sort()) {
  console.log(`\n== ${main}`);
  const { status } = spawnSync(process.execPath, [main], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
