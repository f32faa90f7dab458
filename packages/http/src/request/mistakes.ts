import type { Mistake } from '@simfleet/contracts';
import { didYouMean } from '@simfleet/runtime';
import type { z } from 'zod';
import { pointerOf } from './pointer.ts';
import type { RequestPart } from './pointer.ts';
import { memberNames } from './member-names.ts';

type Issue = z.core.$ZodIssue;

/** Every mistake that a schema found, by pointer; an unknown member is a mistake of its own with the nearest known name. */
export const mistakesOf = (part: RequestPart, schema: z.core.$ZodType, issues: readonly Issue[]): readonly Mistake[] =>
  issues.flatMap((issue) => mistakesOfIssue(part, schema, issue, []));

const mistakesOfIssue = (
  part: RequestPart,
  schema: z.core.$ZodType,
  issue: Issue,
  above: readonly PropertyKey[],
): readonly Mistake[] => {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = memberNames(schema, path);
    return issue.keys.map((key) => ({
      pointer: pointerOf(part, [...path, key]),
      detail: `is not known here${didYouMean(key, known)}`,
    }));
  }
  if (issue.code === 'invalid_union') {
    const branch = likeliest(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => mistakesOfIssue(part, schema, inner, path));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => ({ pointer: pointerOf(part, path), detail: `as a name ${sentence(inner)}` }));
  }
  return [{ pointer: pointerOf(part, path), detail: sentence(issue) }];
};

/** The branch of a union that got furthest into the value: it is the one that was meant. */
const likeliest = (branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined => {
  const depth = (branch: readonly Issue[]): number => Math.max(0, ...branch.map((issue) => issue.path.length));
  return branches.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
};

/** zod's own sentence, shorter where it speaks of types. */
const sentence = ({ message }: Issue): string => {
  const [, expected, received] = /^Invalid input: expected (.+), received (.+)$/.exec(message) ?? [];
  if (expected === undefined) return message;
  if (received === 'undefined') return 'is required';
  return `must be ${/^[aeiou]/.test(expected) ? 'an' : 'a'} ${expected}, not ${received}`;
};
