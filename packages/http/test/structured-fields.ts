/** A bare item of structured fields: String, Integer, Byte Sequence. */
export type BareItem = string | number | Uint8Array;

export interface Item {
  readonly value: BareItem;
  readonly parameters: Readonly<Record<string, BareItem>>;
}

/** Parses a List of Items (RFC 9651 §4.2.1) to the letter, as far as rate limits need it. Throws for anything else. */
export const parseList = (text: string): readonly Item[] => {
  const input = createInput(text);
  const items: Item[] = [];
  input.skip(/^ */);
  while (!input.isAtEnd()) {
    items.push(itemOf(input));
    input.skip(/^[ \t]*/);
    if (input.isAtEnd()) return items;
    input.take(/^,/);
    input.skip(/^[ \t]*/);
    if (input.isAtEnd()) throw new Error('a comma at the end');
  }
  throw new Error('an empty field is none');
};

interface Input {
  isAtEnd(): boolean;
  skip(pattern: RegExp): void;
  /** Throws unless the pattern comes next. */
  take(pattern: RegExp): string;
  starts(pattern: RegExp): boolean;
}

const createInput = (text: string): Input => {
  let rest = text;
  const take = (pattern: RegExp): string => {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) throw new Error(`${String(pattern)} is missing before: ${rest}`);
    rest = rest.slice(found.length);
    return found;
  };
  return {
    isAtEnd: () => rest === '',
    skip: (pattern) => void take(pattern),
    take,
    starts: (pattern) => pattern.test(rest),
  };
};

const itemOf = (input: Input): Item => {
  const value = bareItemOf(input);
  const parameters: Record<string, BareItem> = {};
  while (input.starts(/^;/)) {
    input.take(/^; */);
    const key = input.take(/^[a-z*][a-z0-9_\-.*]*/);
    input.take(/^=/);
    if (key in parameters) throw new Error(`${key} twice`);
    parameters[key] = bareItemOf(input);
  }
  return { value, parameters };
};

const bareItemOf = (input: Input): BareItem => {
  if (input.starts(/^"/))
    return input
      .take(/^"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/)
      .slice(1, -1)
      .replaceAll(/\\(["\\])/g, '$1');
  if (input.starts(/^:/)) return Buffer.from(input.take(/^:[A-Za-z0-9+/]*={0,2}:/).slice(1, -1), 'base64');
  const digits = input.take(/^-?\d{1,15}(?![\d.])/);
  return Number(digits);
};
