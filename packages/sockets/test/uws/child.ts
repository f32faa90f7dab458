import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryDirectory } from '@simfleet/testing';
import type { UwsRuntime } from '@simfleet/testing';

/** Starts a main file of this folder under the Node of uWebSockets.js, as often as it is asked to; each child prints its address as a line of JSON and ends with its standard input. */
export const childrenOf = ({ node, module, bundle }: UwsRuntime, main: string) => {
  const directory = temporaryDirectory({ after: (cleanUp) => process.once('exit', cleanUp) });
  const file = join(directory.path, 'main.cjs');
  bundle(join(import.meta.dirname, main), file);
  return async <Address>(options: unknown): Promise<Address & { readonly stop: () => Promise<void> }> => {
    const child = spawn(node, [file, join(module, 'src/uws.js'), JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const lines = createInterface({ input: child.stdout });
    const line = await Promise.race([once(lines, 'line'), ended.then(([code]) => [`ended with ${code}`])]);
    const address = JSON.parse(String(line[0])) as Address;
    const stop = async (): Promise<void> => {
      child.stdin.end();
      assert.deepEqual(await ended, [0, null]);
    };
    return { ...address, stop };
  };
};
