import type { Option } from './option.ts';
import type { Finding, Found } from './sources.ts';
import { valueOfText } from './text-value.ts';

/**
 * Puts what the files of secrets hold in the place of their names, for the options that one source gave. A secret given both ways by one source is
 * an error; between sources the usual order of rank decides. Line ends at the end of a file are not part of the secret.
 */
export const readSecretFiles = (
  options: ReadonlyMap<string, Option>,
  found: Found,
  read: ((path: string) => string) | undefined,
  errors: Finding[],
): void => {
  for (const { name, fileOf, description } of options.values()) {
    const named = found.get(name);
    const secret = fileOf === undefined ? undefined : options.get(fileOf);
    if (named === undefined || secret === undefined) continue;
    found.delete(name);
    const fail = (message: string): void => void errors.push({ path: named.origin, message, explain: description });
    const direct = found.get(secret.name);
    const content =
      typeof named.value === 'string' ? contentOf(named.value, read) : { fault: 'must be the name of a file' };
    if (direct !== undefined) fail(`was given beside ${direct.origin}: give one of them`);
    else if (content.fault !== undefined) fail(content.fault);
    else found.set(secret.name, { value: valueOfText(secret, content.text), origin: named.origin });
  }
};

type Content = { readonly text: string; readonly fault?: undefined } | { readonly fault: string };

const contentOf = (path: string, read: ((path: string) => string) | undefined): Content => {
  try {
    const text = read?.(path).replace(/[\r\n]+$/, '') ?? '';
    // Drivers drop line ends within a URL: two of them would be one, whose "database" is told when it is not found.
    if (/[\r\n]/.test(text)) return { fault: `${path} holds more than one line` };
    return text === '' ? { fault: `${path} is empty` } : { text };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { fault: `${path} cannot be read (${reason})` };
  }
};
