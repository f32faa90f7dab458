import { errorTable, problem, SimfleetError } from '@simfleet/contracts';
import type { ErrorCode } from '@simfleet/contracts';
import { printable } from '../terminal.ts';

const isKnown = (code: string): code is ErrorCode => Object.hasOwn(errorTable, code);

/** For answers of a newer platform, or of something in between that is none. */
const codeOfStatus = (status: number): ErrorCode => {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not-found';
  if (status === 409 || status === 412) return 'version-conflict';
  if (status === 413) return 'body-too-large';
  if (status === 429) return 'quota-exceeded';
  if (status === 502 || status === 503 || status === 504) return 'unavailable';
  return status >= 500 ? 'internal' : 'invalid-request';
};

/** The error that a problem document (RFC 9457) stands for; the request id is kept where the fault is on the platform's side. */
export const problemError = (status: number, body: unknown): SimfleetError => {
  const parsed = problem.safeParse(body);
  if (!parsed.success) return new SimfleetError(codeOfStatus(status), `the platform answered with status ${status}`);
  const { code, title, detail, errors, instance } = parsed.data;
  const known = isKnown(code) ? code : codeOfStatus(status);
  const text = printable(detail === '' ? title : detail);
  const mistakes = errors.map((mistake) => ({ pointer: mistake.pointer, detail: printable(mistake.detail) }));
  return new SimfleetError(known, known === 'internal' ? `${text} (request ${printable(instance)})` : text, {
    mistakes,
  });
};

/** RFC 6901 pointer → path: `/spec/thresholds/0/below` → ['spec', 'thresholds', 0, 'below']. */
export const pointerPath = (pointer: string): readonly (string | number)[] =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((key) => (/^(0|[1-9][0-9]*)$/.test(key) ? Number(key) : key));
