#!/usr/bin/env node
// Runs the command under Node 24 or newer, whatever Node started this file: TypeScript runs as it is only there.
// Kept to syntax and modules that old Nodes know, because old Nodes read it.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 24;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'];
const main = new URL('../src/main.ts', import.meta.url);

const nodeOfTheWorkspace = () => {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  } catch {
    return undefined;
  }
};

const giveUp = (reason) => {
  process.stderr.write(`simfleet: needs Node ${OLDEST_NODE} or newer: ${reason}. Run \`npm install\` in the clone.\n`);
  process.exit(1);
};

// Like exec: the same streams, signals handed on, the same end. The command itself takes a signal that arrives twice
// (from the terminal and from here) for one.
const runUnder = (node) => {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => giveUp(`${node} cannot be started (${error.code || error.message})`));
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
};

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  await import(main.href);
} else {
  const node = nodeOfTheWorkspace();
  if (node === undefined) giveUp(`this is ${process.version} and the package \`node\` is not installed`);
  else runUnder(node);
}
