// Runs the k6 scenarios against two replicas of the platform on this machine, or against a platform elsewhere, and leaves reports in build/load.
// `make load ARGS="…"` passes options on.
import { mkdirSync } from 'node:fs';
import { relative } from 'node:path';
import { buildK6, k6Program } from '@simfleet/testing';
import { building } from '../building.ts';
import type { Child } from '../../test/load/child.ts';
import { readOptions, usage } from './options.ts';
import type { LoadOptions } from './options.ts';
import { outcomeOf, writeOverview } from './overview.ts';
import type { Ran } from './overview.ts';
import { openOwner } from '../../test/load/owner.ts';
import { replicasMissing, startReplicas } from '../../test/load/replicas.ts';
import { startK6 } from '../../test/load/run-k6.ts';

const exitCodes = { passed: 0, failed: 1, badOptions: 2, interrupted: 130 } as const;

const main = async ({ scenarios, replicas, remote, folder }: LoadOptions): Promise<number> => {
  await building('k6', k6Program(), buildK6, 'the load tests');
  const missing = remote === null ? replicasMissing(replicas) : false;
  if (missing !== false) throw new Error(`${missing} (node hack/install-tools.ts installs what it can)`);
  const owner = openOwner();
  let running: Child | null = null;
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts += 1;
    // k6 ends its users and takes back what it made; whoever asks twice does not want to wait for that.
    running?.signal(interrupts === 1 ? 'SIGINT' : 'SIGKILL');
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const ran: Ran[] = [];
  try {
    mkdirSync(folder, { recursive: true });
    if (remote === null) console.log('starting PostgreSQL, NATS, Redis, two replicas and an executor …');
    const target = remote ?? (await startReplicas(owner, replicas));
    for (const { name, variables } of scenarios) {
      if (interrupts > 0) break;
      console.log(
        `\n== ${name} ${Object.entries(variables)
          .map((pair) => pair.join('='))
          .join(' ')}`,
      );
      const started = performance.now();
      running = await startK6({ scenario: name, target, variables, folder });
      const exitCode = await running.ended;
      running = null;
      ran.push({ name, exitCode, seconds: (performance.now() - started) / 1000 });
    }
  } finally {
    await owner.end();
  }
  writeOverview(folder, ran);
  console.log(`\n${ran.map((each) => `${each.name}: ${outcomeOf(each)}, ${Math.round(each.seconds)} s`).join('\n')}`);
  console.log(`reports: ${relative(process.cwd(), folder)}/index.html`);
  if (interrupts > 0) return exitCodes.interrupted;
  return ran.every(({ exitCode }) => exitCode === 0) ? exitCodes.passed : exitCodes.failed;
};

const run = async (): Promise<number> => {
  let options: LoadOptions;
  try {
    options = readOptions(process.argv.slice(2), process.env);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return exitCodes.badOptions;
  }
  if (options.help) {
    console.log(usage);
    return exitCodes.passed;
  }
  return main(options).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    return exitCodes.failed;
  });
};

process.exitCode = await run();
