import { STATUS_CODES } from 'node:http';
import type { Refusal } from '../upgrade/refusal.ts';
import type { UwsResponse } from './module.ts';

/** Answers a request and ends its connection. */
export const writeAnswer = (response: UwsResponse, { status, headers, body }: Refusal): void => {
  response.cork(() => {
    response.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`.trim());
    for (const [name, value] of Object.entries(headers)) {
      // Nothing checks it below here.
      if (/[\r\n\0]/.test(name + value)) continue;
      response.writeHeader(name, value);
    }
    response.end(body, true);
  });
};
