// Runs the test files in two passes: cheap ones side by side, then those that start processes, one file more at a time than there are cores.
// A skipped test prints its reason and fails in CI: a check that did not run proves nothing.
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import type { EventData } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
});
if (values.help) {
  console.log('usage: node hack/run-tests.ts [--only text]…   run the test files whose path holds one of the texts');
  process.exit(0);
}

const isSlow = (file: string): boolean => /\.(int|e2e)\.test\.ts$/.test(file) || file.startsWith('test/');
/** What runs on a real node takes the machine for itself: `make e2e` asks for it. */
const isOnNode = (file: string): boolean => file.startsWith('test/cluster/');
const files = globSync(['{packages,services}/*/test/**/*.test.ts', '{operator,examples,test}/**/*.test.ts'])
  .filter((file) => values.only?.some((text) => file.includes(text)) ?? !isOnNode(file))
  .sort();

const passLimitMinutes = process.env['SIMFLEET_CHAOS'] === undefined ? 40 : 180;
const totals = { passed: 0, failed: 0, skipped: [] as string[] };

const runPass = async (pass: string[], concurrency: number): Promise<void> => {
  if (pass.length === 0) return;
  const deadline = fileURLToPath(new URL('test-deadline.ts', import.meta.url));
  const execArgv = ['--disable-warning=ExperimentalWarning', '--import', deadline];
  // Each file has a deadline of its own; this one is for what a file left behind that keeps its output open.
  const signal = AbortSignal.timeout(passLimitMinutes * 60_000);
  const stream = run({ files: pass, concurrency, execArgv, signal });
  const count = (data: EventData.TestPass | EventData.TestFail, passed: boolean): void => {
    if (data.details.type === 'suite') return;
    if (data.skip !== undefined) totals.skipped.push(`${data.name}: ${String(data.skip)}`);
    else if (passed) totals.passed += 1;
    else totals.failed += 1;
  };
  stream.on('test:pass', (data) => count(data, true));
  stream.on('test:fail', (data) => count(data, false));
  const output = stream.compose(spec);
  for await (const chunk of output) process.stdout.write(chunk);
};

await runPass(
  files.filter((file) => !isSlow(file)),
  availableParallelism(),
);
// From the end: the long ones of test/ first, so that none is left running alone. They wait for deaths to be noticed a quarter of their time,
// which one file more than there are cores makes use of.
const slow = files.filter((file) => isSlow(file) && !isOnNode(file));
await runPass(slow.reverse(), availableParallelism() + 1);
await runPass(files.filter(isOnNode), 1);

for (const skipped of totals.skipped) console.log(`skipped: ${skipped}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped.length} skipped`);
const failed =
  totals.failed > 0 || totals.passed === 0 || (process.env['CI'] !== undefined && totals.skipped.length > 0);
process.exit(failed ? 1 : 0);
