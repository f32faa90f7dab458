import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { k6Program } from '@simfleet/testing';
import { startChild } from './child.ts';
import type { Child } from './child.ts';

/** What a scenario is pointed at. */
export interface Target {
  readonly urls: readonly string[];
  readonly socketUrls: readonly string[];
  readonly token: string;
}

const scenarios = join(import.meta.dirname, '../../k6/scenarios');

export interface K6Run {
  readonly scenario: string;
  readonly target: Target;
  /** LOAD_… variables of the scenario. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where the reports go: `<folder>/<scenario>.json` and `.html`. */
  readonly folder: string;
  /** Default: the output is this process's. */
  readonly output?: 'inherit' | 'pipe';
}

/** Exit code of k6 when thresholds were missed. */
export const thresholdsMissed = 99;

/** Variables of this process that k6 and Go go by; the rest stays out, so that a run does not depend on who starts it. */
const passedOn = ['PATH', 'HOME', 'TMPDIR', 'SSL_CERT_FILE', 'TERM', 'NO_COLOR'];

/** Starts k6 on a scenario. The token is in its environment, where no list of processes shows it. Throws when k6 is not built. */
export const startK6 = async ({ scenario, target, variables, folder, output = 'inherit' }: K6Run): Promise<Child> => {
  const found = k6Program();
  if ('missing' in found) throw new Error(found.missing);
  const report = join(folder, scenario);
  mkdirSync(dirname(report), { recursive: true });
  const own = passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
  const env = {
    ...Object.fromEntries(own),
    SIMFLEET_URLS: target.urls.join(','),
    SIMFLEET_SOCKETS_URLS: target.socketUrls.join(','),
    SIMFLEET_TOKEN: target.token,
    LOAD_REPORT: report,
    // Nothing is fetched, and nothing is told to anybody.
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    K6_NO_USAGE_REPORT: 'true',
    ...variables,
  };
  const words = ['run', '--quiet', '--address', '', join(scenarios, `${scenario}.js`)];
  return startChild([found.file, ...words], { env, stdio: ['ignore', output, output] });
};
