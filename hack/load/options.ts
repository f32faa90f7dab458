import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ReplicaOptions } from '../../test/load/replicas.ts';
import type { Target } from '../../test/load/run-k6.ts';
import { boundedOnLoopback, scenarioNames } from './scenarios.ts';

export const usage = `usage: node hack/load/main.ts [option]…

  --only name,…              scenarios: ${scenarioNames().join(', ')} (default: all)
  --set scenario.NAME=value  a variable of a scenario, such as job-fan-out.LOAD_WATCHERS=5000; k6/README.md lists them
  --soak time                how long soak lasts, such as 30m (default ${boundedOnLoopback['soak']?.['LOAD_DURATION']})
  --balancer                 put HAProxy before the replicas
  --limits shared|apart|off  where limits are counted: apart and off are faults that the thresholds must find (default shared)
  --remote                   start nothing: SIMFLEET_URL, SIMFLEET_SOCKETS_URL and SIMFLEET_TOKEN say where the platform is
  --report folder            default build/load

Ends with 0 when every threshold held, 1 when one was missed or a scenario broke, 2 for wrong options, 130 after Ctrl-C.`;

export interface LoadOptions {
  readonly help: boolean;
  /** Scenarios in their order, each with the variables that were set. */
  readonly scenarios: readonly { readonly name: string; readonly variables: Readonly<Record<string, string>> }[];
  readonly replicas: ReplicaOptions;
  /** Null: replicas are started here. */
  readonly remote: Target | null;
  readonly folder: string;
}

const flags = {
  only: { type: 'string' },
  set: { type: 'string', multiple: true },
  soak: { type: 'string' },
  balancer: { type: 'boolean', default: false },
  limits: { type: 'string', default: 'shared' },
  remote: { type: 'boolean', default: false },
  report: { type: 'string', default: join(import.meta.dirname, '../../build/load') },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Throws an Error that says what is wrong with the options or the environment. */
export const readOptions = (words: readonly string[], environment: NodeJS.ProcessEnv): LoadOptions => {
  const { values } = parseArgs({ args: [...words], options: flags });
  const only = values.only?.split(',') ?? scenarioNames();
  const unknown = only.filter((name) => !scenarioNames().includes(name));
  if (unknown.length > 0)
    throw new Error(`no scenario: ${unknown.join(', ')}; there are ${scenarioNames().join(', ')}`);
  const names = scenarioNames().filter((name) => only.includes(name));
  const soak = values.soak === undefined ? [] : [`soak.LOAD_DURATION=${values.soak}`];
  const set = [...(values.set ?? []), ...soak].map((text) => readVariable(text, names));
  const variablesOf = (scenario: string): Readonly<Record<string, string>> => ({
    ...(values.remote ? {} : boundedOnLoopback[scenario]),
    ...Object.fromEntries(set.filter((each) => each.scenario === scenario).map(({ name, value }) => [name, value])),
  });
  return {
    help: values.help,
    scenarios: names.map((name) => ({ name, variables: variablesOf(name) })),
    replicas: { limits: readLimits(values.limits), balancer: values.balancer },
    remote: values.remote ? remoteTarget(environment) : null,
    folder: values.report,
  };
};

const readVariable = (
  text: string,
  scenarios: readonly string[],
): { readonly scenario: string; readonly name: string; readonly value: string } => {
  const [, scenario = '', name = '', value = ''] = /^([a-z0-9-]+)\.(LOAD_[A-Z0-9_]+)=(.*)$/.exec(text) ?? [];
  if (scenarios.includes(scenario)) return { scenario, name, value };
  throw new Error(`--set ${text}: must be scenario.LOAD_NAME=value of a scenario that runs`);
};

const readLimits = (text: string): 'shared' | 'apart' | 'off' => {
  if (text === 'shared' || text === 'apart' || text === 'off') return text;
  throw new Error(`--limits must be shared, apart or off, not ${text}`);
};

const remoteTarget = (environment: NodeJS.ProcessEnv): Target => {
  const first = (...names: readonly string[]): string => {
    const found = names.map((name) => environment[name] ?? '').find((text) => text !== '');
    if (found === undefined) throw new Error(`--remote needs ${names.join(' or ')}`);
    return found;
  };
  return {
    urls: first('SIMFLEET_URLS', 'SIMFLEET_URL').split(','),
    socketUrls: first('SIMFLEET_SOCKETS_URLS', 'SIMFLEET_SOCKETS_URL').split(','),
    token: first('SIMFLEET_TOKEN'),
  };
};
