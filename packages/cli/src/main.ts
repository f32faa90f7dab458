import { homedir, tmpdir } from 'node:os';
import { exitCodes } from './exit-codes.ts';
import { processTerminal } from './process-terminal.ts';
import { runCommandLine } from './program.ts';

/** A terminal, npx and the launcher may each hand on the same ctrl-C: signals this close together are one. In ms. */
const ONE_SIGNAL = 300;

const interrupted = new AbortController();
let interruptedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted && Date.now() - interruptedAt > ONE_SIGNAL) process.exit(exitCodes.interrupted.code);
    if (interrupted.signal.aborted) return;
    interruptedAt = Date.now();
    interrupted.abort(new Error(`interrupted by ${signal}`));
  });
}

const terminal = processTerminal({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  temporaryDirectory: tmpdir(),
  node: process.execPath,
  interrupted: interrupted.signal,
});
process.exit(await runCommandLine(process.argv.slice(2), terminal));
