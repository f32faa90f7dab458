import { canonicalJson } from '@simfleet/domain';

type Members = Readonly<Record<string, unknown>>;

/** What turns one spec (or set of labels) into the other, as JSON merge patch (RFC 7396): null for members that go. Null when they are the same. */
export const specPatch = (from: Members, to: Members): Members | null => {
  const patch = difference(from, to);
  return Object.keys(patch).length === 0 ? null : patch;
};

const difference = (from: Members, to: Members): Members => {
  const gone = Object.keys(from).filter((key) => from[key] !== undefined && to[key] === undefined);
  const changed = Object.keys(to).filter((key) => to[key] !== undefined && !isSame(from[key], to[key]));
  return Object.fromEntries([
    ...gone.map((key) => [key, null]),
    ...changed.map((key) => [key, patched(from[key], to[key])]),
  ]) as Members;
};

const isSame = (a: unknown, b: unknown): boolean => a !== undefined && canonicalJson(a) === canonicalJson(b);

/** Objects are merged by whoever takes the patch, so they are patched member by member. */
const patched = (from: unknown, to: unknown): unknown => (isPlain(from) && isPlain(to) ? difference(from, to) : to);

const isPlain = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
