import { parse } from 'yaml';
import { didYouMean } from '../did-you-mean.ts';
import { variablePrefix } from './option.ts';
import type { Option } from './option.ts';
import { valueOfText } from './text-value.ts';

/** A fault in the configuration. `path` is the option or where the value came from; `explain` says what the option is for. */
export interface Finding {
  readonly path: string;
  readonly message: string;
  readonly explain: string;
}

/** Values by option name, each with the place it came from. */
export type Found = Map<string, { readonly value: unknown; readonly origin: string }>;

/** `--name value`, `--name=value`, `--name` and `--no-name` for booleans; a list may repeat its flag. */
export const readFlags = (options: ReadonlyMap<string, Option>, flags: readonly string[], errors: Finding[]): Found => {
  const found: Found = new Map();
  const rest = [...flags];
  for (let flag = rest.shift(); flag !== undefined; flag = rest.shift()) {
    const [, name = '', inline] = /^--([^=]+)(?:=(.*))?$/s.exec(flag) ?? [];
    const negated = name.startsWith('no-') ? options.get(name.slice(3)) : undefined;
    const option = options.get(name);
    if (option === undefined && negated?.types.includes('boolean') === true && inline === undefined) {
      found.set(negated.name, { value: false, origin: flag });
      continue;
    }
    if (option === undefined) {
      errors.push(unknownFlag(name === '' ? flag : `--${name}`, options));
      // What follows is most likely its value, and no second mistake.
      if (name !== '' && inline === undefined && rest[0]?.startsWith('--') === false) rest.shift();
      continue;
    }
    const bare = inline === undefined && option.types.includes('boolean') && !/^(true|false)$/.test(rest[0] ?? '');
    const text = bare ? 'true' : (inline ?? rest.shift());
    if (text === undefined) errors.push({ path: `--${name}`, message: 'needs a value', explain: option.description });
    else found.set(name, { value: joined(found.get(name)?.value, valueOfText(option, text)), origin: `--${name}` });
  }
  return found;
};

const joined = (before: unknown, value: unknown): unknown =>
  Array.isArray(before) && Array.isArray(value) ? [...(before as unknown[]), ...(value as unknown[])] : value;

const unknownFlag = (flag: string, options: ReadonlyMap<string, Option>): Finding => ({
  path: flag.startsWith('--') ? flag : 'arguments',
  message: flag.startsWith('--')
    ? `no such flag${didYouMean(
        flag,
        [...options.keys()].map((name) => `--${name}`),
      )}`
    : 'only flags (--name value) are taken here',
  explain: 'Flags are listed in the configuration reference.',
});

/**
 * Variables `SIMFLEET_…`; others are not looked at. An unknown one is a warning, not an error: variables of other programs and other
 * versions live in the same environment.
 */
export const readVariables = (
  options: ReadonlyMap<string, Option>,
  environment: Readonly<Record<string, string | undefined>>,
  otherVariables: readonly string[],
  warnings: Finding[],
): Found => {
  const byVariable = new Map([...options.values()].map((option) => [option.variable, option]));
  const found: Found = new Map();
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(variablePrefix) || text === undefined || otherVariables.includes(variable)) continue;
    const option = byVariable.get(variable);
    if (option !== undefined) found.set(option.name, { value: valueOfText(option, text), origin: variable });
    else {
      const message = `no option has this variable${didYouMean(variable, byVariable.keys())}`;
      warnings.push({ path: variable, message, explain: 'It is ignored.' });
    }
  }
  return found;
};

/** A YAML or JSON file: one map of option names. `read` throws what the file system says. */
export const readConfigurationFile = (
  options: ReadonlyMap<string, Option>,
  path: string,
  read: (path: string) => string,
  errors: Finding[],
): Found => {
  const found: Found = new Map();
  const content = parsed(path, read, errors);
  if (content === undefined || content === null) return found;
  if (typeof content !== 'object' || Array.isArray(content)) {
    errors.push({ path, message: 'must hold a map of options', explain: 'For example: port: 8080' });
    return found;
  }
  for (const [name, value] of Object.entries(content)) {
    if (options.has(name)) found.set(name, { value, origin: `${path}: ${name}` });
    else {
      const message = `no such option${didYouMean(name, options.keys())}`;
      errors.push({ path: `${path}: ${name}`, message, explain: 'Keys are the flags without "--".' });
    }
  }
  return found;
};

const parsed = (path: string, read: (path: string) => string, errors: Finding[]): unknown => {
  try {
    return parse(read(path), { prettyErrors: true });
  } catch (error) {
    // The first line alone: the rest of a YAML error quotes the file, secrets and all.
    const [message = ''] = String(error instanceof Error ? error.message : error).split('\n');
    errors.push({ path, message, explain: 'The file named by --config must be readable YAML or JSON.' });
    return undefined;
  }
};
