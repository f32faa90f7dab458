import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@simfleet/testing';
import { start } from './process.ts';
import type { Started } from './process.ts';
import { simfleet } from './terminal.ts';
import type { Ran } from './terminal.ts';

/** A real platform, started by `simfleet up` as a person starts it. */
export interface Up extends Started {
  readonly url: string;
  /** Runs a command against it, through its data directory. */
  simfleet(words: readonly string[], input?: string): Promise<Ran>;
}

/** `simfleet up` on a free port, its data below `cwd`. Resolves once a command can find it. */
export const up = async (
  t: { after(cleanUp: () => void | Promise<void>): void },
  cwd: string,
  words: readonly string[] = [],
): Promise<Up> => {
  const started = start(t, ['up', '--port', '0', ...words], { cwd });
  t.after(async () => {
    started.child.kill('SIGTERM');
    await started.ended;
  });
  await until(
    'the platform',
    () => started.output.stderr.includes('Stop with ctrl-C') || started.child.exitCode !== null,
    30_000,
  );
  if (started.child.exitCode !== null) throw new Error(`the platform did not start: ${started.output.stderr}`);
  const { url } = JSON.parse(readFileSync(join(cwd, '.simfleet/platform.json'), 'utf8')) as { readonly url: string };
  return {
    ...started,
    url,
    simfleet: (line, input) => simfleet(line, { cwd, ...(input === undefined ? {} : { input }) }),
  };
};

interface Wanted {
  readonly name: string;
  readonly spec?: object;
  readonly labels?: object;
}

/** A European call over two small blocks; JSON is YAML too. */
export const manifest = ({ name, spec = {}, labels = {} }: Wanted): string =>
  JSON.stringify({
    apiVersion: 'simfleet.dev/v1alpha1',
    kind: 'SimulationJob',
    metadata: { name, labels },
    spec: {
      serviceRef: { name: 'european-option' },
      parameters: { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1 },
      seed: '42',
      maxPaths: '1000000',
      ...spec,
    },
  });

/** More work than any test waits for. */
export const endless = { maxPaths: '1000000000000' };
