import { SimfleetError } from '@simfleet/contracts';
import type { Mistake } from '@simfleet/contracts';
import { faultPosition } from './json-fault.ts';
import { pointerStep } from './pointer.ts';

/** Deeper nesting than any of our shapes; what walks a value by recursion stays far from the end of the stack. */
const deepest = 64;

/**
 * Reads a body as JSON (RFC 8259) in UTF-8, stricter than `JSON.parse`: a member given twice (the second would win silently) and a
 * member called `__proto__` are mistakes.
 * Throws `malformed-body` for bytes that are not UTF-8 and text that is not JSON, with the position; `invalid-request` for such members.
 */
export const parseStrictJson = (bytes: Uint8Array): unknown => {
  const text = decode(bytes);
  const { members, depth } = measure(text);
  if (depth > deepest) throw malformed(`the JSON is nested deeper than ${deepest} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(syntaxError(text, error));
  }
  const mistakes: Mistake[] = [];
  // A member given twice was counted twice in the text and is there once in the value.
  if (countMembers(value, '', mistakes) !== members) mistakes.push(...duplicates(text));
  if (mistakes.length > 0) throw new SimfleetError('invalid-request', 'the body has mistakes', { mistakes });
  return value;
};

const decode = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('the body is not valid UTF-8');
  }
};

/** Members of all objects (colons outside strings) and depth; on text that is no JSON the figures mean nothing. */
const measure = (text: string): { readonly members: number; readonly depth: number } => {
  let members = 0;
  let depth = 0;
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at);
    else if (code === 0x3a) members++;
    else if (code === 0x7b || code === 0x5b) depth = Math.max(depth, ++open);
    else if (code === 0x7d || code === 0x5d) open--;
  }
  return { members, depth };
};

/** Index of the closing quote of the string that opens at `start`; the end of the text when there is none. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
};

const countMembers = (value: unknown, pointer: string, mistakes: Mistake[]): number => {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item === 'object') count += countMembers(item, `${pointer}/${index}`, mistakes);
    }
    return count;
  }
  for (const key of Object.keys(value)) {
    count++;
    if (key === '__proto__') mistakes.push({ pointer: `${pointer}/__proto__`, detail: 'this name is not allowed' });
    const member = (value as Record<string, unknown>)[key];
    if (typeof member === 'object') count += countMembers(member, pointer + pointerStep(key), mistakes);
  }
  return count;
};

/** Walks valid JSON once more with the names of each open object, to say which is there twice. */
const duplicates = (text: string): readonly Mistake[] => {
  const mistakes: Mistake[] = [];
  const stack: { readonly names: Set<string> | null; step: string; index: number }[] = [];
  for (let at = 0; at < text.length; at++) {
    const top = stack.at(-1);
    const letter = text[at];
    if (letter === '{') stack.push({ names: new Set(), step: '', index: 0 });
    else if (letter === '[') stack.push({ names: null, step: '/0', index: 0 });
    else if (letter === '}' || letter === ']') stack.pop();
    else if (letter === ',' && top !== undefined && top.names === null) top.step = `/${++top.index}`;
    else if (letter === '"') {
      const end = endOfString(text, at);
      if (top !== undefined && top.names !== null && /^\s*:/.test(text.slice(end + 1, end + 100))) {
        const name = JSON.parse(text.slice(at, end + 1)) as string;
        top.step = pointerStep(name);
        const pointer = stack.map((open) => open.step).join('');
        if (top.names.has(name)) mistakes.push({ pointer, detail: 'this member is there twice' });
        top.names.add(name);
      }
      at = end;
    }
  }
  // White space too long for the look ahead above hides a name; the refusal stands all the same.
  return mistakes.length > 0 ? mistakes : [{ pointer: '', detail: 'a member is there twice' }];
};

const malformed = (detail: string): SimfleetError =>
  new SimfleetError('malformed-body', detail, { mistakes: [{ pointer: '', detail }] });

/** V8's reason where it is one, without the text around the fault that it quotes. */
const reasons =
  /^(Expected .*?|Unexpected end of JSON input|Bad .*?|Unterminated string|Exponent .*?|No number .*?)(?: in JSON| \(|$)/;

const syntaxError = (text: string, error: unknown): string => {
  const message = error instanceof Error ? error.message : '';
  const told = /position (\d+)/.exec(message)?.[1];
  const position = told === undefined ? faultPosition(text) : Number(told);
  const before = text.slice(0, position).split('\n');
  const where = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1} (position ${position})`;
  return `the body is not JSON: ${reasons.exec(message)?.[1] ?? 'unexpected character'} at ${where}`;
};
