import type { Program } from '@simfleet/testing';

/**
 * Builds a program unless it was found, and says how far it is: on a terminal in one line, otherwise at every tenth of its packages. What cannot be
 * built is said, with what is skipped for the lack of it.
 */
export const building = async (
  name: string,
  found: Program,
  build: (progress: (compiled: number, packages: number) => void) => Promise<Program>,
  skipped: string,
): Promise<void> => {
  if ('file' in found) return;
  const terminal = process.stdout.isTTY;
  const started = performance.now();
  console.log(`building ${name} (once; packages that Go has in its cache are not compiled again) …`);
  let tenths = 0;
  const built = await build((compiled, packages) => {
    if (terminal) process.stdout.write(`\r  ${compiled} of at most ${packages} packages`);
    else if (Math.floor((compiled * 10) / packages) > tenths) {
      tenths = Math.floor((compiled * 10) / packages);
      console.log(`  ${compiled} of at most ${packages} packages`);
    }
  });
  if (terminal) process.stdout.write('\n');
  if ('missing' in built) console.log(`${built.missing}: ${skipped} are skipped`);
  else console.log(`  ${name} is built after ${Math.round((performance.now() - started) / 1000)} s`);
};
