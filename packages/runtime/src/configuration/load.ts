import { SimfleetError } from '@simfleet/contracts';
import { z } from 'zod';
import { optionsOf } from './option.ts';
import type { ConfigurationParts, Option } from './option.ts';
import { readSecretFiles } from './secret-files.ts';
import { readConfigurationFile, readFlags, readVariables } from './sources.ts';
import type { Finding, Found } from './sources.ts';

export interface ConfigurationSources {
  /** Arguments behind the program's name. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `SIMFLEET_…` variables that belong to others (clients, tests) and are no mistake. */
  readonly otherVariables?: readonly string[];
  /** Reads the file that `--config` or `SIMFLEET_CONFIG` names, and files of secrets. */
  readonly readFile?: (path: string) => string;
}

export type ConfigurationValues<Parts extends ConfigurationParts> = {
  readonly [Part in keyof Parts]: z.infer<Parts[Part]>;
};

export interface LoadedConfiguration<Parts extends ConfigurationParts> {
  readonly values: ConfigurationValues<Parts>;
  readonly warnings: readonly Finding[];
  /** For people and logs: each option with its value and origin, secrets hidden. */
  readonly shown: readonly { readonly name: string; readonly value: unknown; readonly origin: string }[];
}

/** The option that every program has. */
export const ownOptions = z.object({
  config: z.string().optional().describe('YAML or JSON file with options, one key each.'),
});

/** As `loadConfiguration`, but answers the errors, for `--check` and editors. */
export const checkConfiguration = <Parts extends ConfigurationParts>(
  parts: Parts,
  sources: ConfigurationSources,
): { readonly errors: readonly Finding[]; readonly loaded: LoadedConfiguration<Parts> } => {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const options = optionsOf({ ...parts, configuration: ownOptions });
  const byName = distinct(options);
  const flags = readFlags(byName, sources.flags ?? [], errors);
  const environment = readVariables(byName, sources.environment ?? {}, sources.otherVariables ?? [], warnings);
  const config = (flags.get('config') ?? environment.get('config'))?.value;
  const read = sources.readFile;
  const file: Found =
    typeof config === 'string' && read !== undefined
      ? readConfigurationFile(byName, config, read, errors)
      : new Map<string, never>();
  for (const source of [flags, environment, file]) readSecretFiles(byName, source, read, errors);
  const found: Found = new Map([...file, ...environment, ...flags]);
  const values = Object.fromEntries(
    Object.entries(parts).map(([part, schema]) => [part, parsePart(part, schema, options, found, errors)]),
  ) as ConfigurationValues<Parts>;
  return { errors, loaded: { values, warnings, shown: shownValues(options, values, found) } };
};

/**
 * Values of all options: a flag wins over a variable, a variable over the file, the file over the default.
 * Throws `invalid-configuration` with every mistake at once; no secret is in it.
 */
export const loadConfiguration = <Parts extends ConfigurationParts>(
  parts: Parts,
  sources: ConfigurationSources,
): LoadedConfiguration<Parts> => {
  const { errors, loaded } = checkConfiguration(parts, sources);
  if (errors.length === 0) return loaded;
  const lines = errors.map(
    ({ path, message, explain }) => `${path}: ${message}${explain === '' ? '' : ` (${explain})`}`,
  );
  const mistakes = errors.map(({ path, message }) => ({ pointer: path, detail: message }));
  throw new SimfleetError('invalid-configuration', lines.join('\n'), { mistakes });
};

/** Options by name. A name declared twice with different schemas is a fault of the program, not of its user. */
const distinct = (options: readonly Option[]): ReadonlyMap<string, Option> => {
  const byName = new Map<string, Option>();
  for (const option of options) {
    const other = byName.get(option.name);
    if (other !== undefined && other.schema !== option.schema) {
      const detail = `modules "${other.part}" and "${option.part}" both declare the option "${option.name}"`;
      throw new SimfleetError('internal', detail);
    }
    byName.set(option.name, option);
  }
  return byName;
};

const parsePart = (
  part: string,
  schema: ConfigurationParts[string],
  options: readonly Option[],
  found: Found,
  errors: Finding[],
): unknown => {
  const own = options.filter((option) => option.part === part && option.fileOf === undefined);
  const input = own.flatMap(({ key, name }) => (found.has(name) ? [[key, found.get(name)?.value] as const] : []));
  const result = schema.safeParse(Object.fromEntries(input));
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const option = own.find(({ key }) => key === issue.path[0]);
    const inside = issue.path.slice(1).map((step) => `/${String(step)}`);
    const path = option === undefined ? part : (found.get(option.name)?.origin ?? `--${option.name}`) + inside.join('');
    const finding = { path, message: issue.message, explain: option?.description ?? '' };
    if (!errors.some((error) => error.path === path && error.message === issue.message)) errors.push(finding);
  }
  return undefined;
};

const shownValues = (
  options: readonly Option[],
  values: Readonly<Record<string, unknown>>,
  found: Found,
): LoadedConfiguration<ConfigurationParts>['shown'] =>
  options.flatMap(({ part, key, name, secret }) => {
    const value = (values[part] as Readonly<Record<string, unknown>> | undefined)?.[key];
    if (value === undefined) return [];
    const origin = found.get(name)?.origin ?? 'default';
    // A default is in the source for all to read.
    return [{ name, value: secret && origin !== 'default' ? '[hidden]' : value, origin }];
  });
