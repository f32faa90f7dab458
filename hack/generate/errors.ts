import { errorTable } from '@simfleet/contracts';

export const generateErrorReference = (): string =>
  [
    '# Errors',
    '',
    'Generated from `packages/contracts/src/errors.ts`. Errors are RFC 9457 problem details (`application/problem+json`); `code` names the row,',
    '`errors` lists mistakes by JSON pointer, `instance` is the request id. A retryable error may go away by itself.',
    '',
    '| code | HTTP status | retryable | title | meaning |',
    '|---|---|---|---|---|',
    ...Object.entries(errorTable).map(
      ([code, { status, retryable, title, meaning }]) =>
        `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${title} | ${meaning} |`,
    ),
    '',
  ].join('\n');
