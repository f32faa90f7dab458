import { SimfleetError } from '@simfleet/contracts';
import { pointerPath } from '../connection/problem.ts';
import type { Manifest } from './check.ts';
import { mistakesError } from './check.ts';
import type { Path } from './document.ts';

/** Where a member of the request stands in the manifest that it was made from. */
const manifestPath = (pointer: string): Path => {
  const path = pointerPath(pointer);
  return path[0] === 'name' || path[0] === 'labels' ? ['metadata', ...path] : path;
};

/** The platform's refusal of a request made from a manifest, told with the places in the file. Other errors stay as they are. */
export const relocated = (error: unknown, { document }: Manifest): unknown => {
  if (!(error instanceof SimfleetError) || error.mistakes.length === 0) return error;
  const mistakes = error.mistakes.map(({ pointer, detail }) => ({ path: manifestPath(pointer), detail }));
  return mistakesError(document, mistakes, error.code);
};
