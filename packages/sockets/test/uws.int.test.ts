import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { temporaryDirectory, uwsRuntime } from '@simfleet/testing';
import type { UwsRuntime } from '@simfleet/testing';
import { testSocketServer, type FixtureAddress, type FixtureOptions } from '@simfleet/sockets/contract';

const runtime = uwsRuntime();

/** Starts the fixture under the other Node; ends with this process. */
const start = async (
  { node, module }: UwsRuntime,
  bundle: string,
  options: FixtureOptions,
): Promise<FixtureAddress & { readonly stop: () => Promise<void> }> => {
  const child = spawn(node, [bundle, join(module, 'src/uws.js'), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([once(lines, 'line'), ended.then(([code]) => [`ended with ${code}`])]);
  const address = JSON.parse(String(line[0])) as FixtureAddress;
  const stop = async (): Promise<void> => {
    child.stdin.end();
    assert.deepEqual(await ended, [0, null]);
  };
  return { ...address, stop };
};

if ('missing' in runtime) test('the suite for sockets on uWebSockets.js', { skip: runtime.missing });
else {
  const directory = temporaryDirectory({ after: (cleanUp) => process.once('exit', cleanUp) });
  const bundle = join(directory.path, 'fixture.cjs');
  runtime.bundle(join(import.meta.dirname, 'uws/fixture-main.ts'), bundle);
  testSocketServer({
    name: 'uws',
    start: (options) => start(runtime, bundle, options),
    traits: { explainsViolations: false, refusesUnmasked: false, closeMs: 20_000, handshakeMs: 10_000 },
  });
}
