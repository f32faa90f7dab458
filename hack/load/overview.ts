import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { thresholdsMissed } from '../../test/load/run-k6.ts';

/** One scenario that was run. */
export interface Ran {
  readonly name: string;
  /** k6's; null when a signal ended it. */
  readonly exitCode: number | null;
  readonly seconds: number;
}

export const outcomeOf = ({ exitCode }: Ran): string => {
  if (exitCode === 0) return 'passed';
  if (exitCode === thresholdsMissed) return 'thresholds missed';
  return exitCode === null ? 'ended by a signal' : `broke off (k6 ended with ${exitCode})`;
};

/** Writes `index.html` and `summary.json` over the reports of the scenarios. */
export const writeOverview = (folder: string, ran: readonly Ran[]): void => {
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`;
  const scenarios = ran.map((each) => ({ ...each, outcome: outcomeOf(each) }));
  const summary = { endedAt: new Date().toISOString(), machine, scenarios };
  writeFileSync(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  const rows = scenarios.map(
    ({ name, outcome, seconds }) =>
      `<tr><td><a href="${name}.html">${name}</a></td><td class="${outcome === 'passed' ? 'passed' : 'failed'}">${outcome}</td><td>${Math.round(seconds)} s</td></tr>`,
  );
  writeFileSync(join(folder, 'index.html'), page(summary.endedAt, machine, rows));
};

const page = (endedAt: string, machine: string, rows: readonly string[]): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Load tests</title><style>
:root { color-scheme: light dark; }
body { font: 15px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1.5rem; }
table { border-collapse: collapse; width: 100%; } td { padding: .4rem .8rem; border-bottom: 1px solid #8885; } td:last-child { text-align: right; }
.passed { color: #14713d; } .failed { color: #b3261e; font-weight: 600; }
@media (prefers-color-scheme: dark) { .passed { color: #5fd08f; } .failed { color: #ff8a80; } }
</style></head><body>
<h1>Load tests</h1><p>${endedAt}, on ${machine}</p>
<table>${rows.join('\n')}</table>
</body></html>
`;
