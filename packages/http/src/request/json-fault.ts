/** A value read up to `at`, or a fault found there. */
interface Step {
  readonly at: number;
  readonly fault: boolean;
}

const bare = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
/** Up to its closing quote, or to the letter or escape that no string may hold. */
const openString = /"[ !#-[\]-\u{10ffff}]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\u{10ffff}]*)*/uy;
const space = /[ \t\r\n]*/y;

/**
 * Where text stops being JSON (RFC 8259), as an index: for people, since V8 leaves the position out of half its messages. Answers the
 * length of the text when it ends too soon. Only for text that `JSON.parse` refused; nested no deeper than the stack allows.
 */
export const faultPosition = (text: string): number => {
  const end = value(text, after(space, text, 0));
  return end.fault ? end.at : after(space, text, end.at);
};

const value = (text: string, at: number): Step => {
  if (text[at] === '{') return members(text, at, '}', member);
  if (text[at] === '[') return members(text, at, ']', value);
  if (text[at] === '"') return string(text, at);
  const end = after(bare, text, at);
  return { at: end, fault: end === at };
};

const members = (text: string, start: number, close: string, one: (text: string, at: number) => Step): Step => {
  let at = after(space, text, start + 1);
  if (text[at] === close) return { at: at + 1, fault: false };
  for (;;) {
    const step = one(text, at);
    if (step.fault) return step;
    at = after(space, text, step.at);
    if (text[at] === close) return { at: at + 1, fault: false };
    if (text[at] !== ',') return { at, fault: true };
    at = after(space, text, at + 1);
  }
};

const member = (text: string, at: number): Step => {
  const name = string(text, at);
  if (name.fault) return name;
  const colon = after(space, text, name.at);
  return text[colon] === ':' ? value(text, after(space, text, colon + 1)) : { at: colon, fault: true };
};

const string = (text: string, at: number): Step => {
  const end = after(openString, text, at);
  return text[end] === '"' && end > at ? { at: end + 1, fault: false } : { at: end, fault: true };
};

/** Index behind a match of the sticky pattern at this place; the place itself when it does not match. */
const after = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
};
