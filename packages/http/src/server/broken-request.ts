import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { SimfleetError } from '@simfleet/contracts';
import { renderedProblem } from '../answer/send.ts';

/** Status lines of what Node's parser refuses before there is a request: headers too large, too slow, not HTTP. */
const statusOf: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Answers bytes that are no HTTP request with a problem, and closes. */
export const answerBrokenRequest = (error: Error & { readonly code?: string }, socket: Duplex): void => {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = statusOf[error.code ?? ''] ?? '400 Bad Request';
  const reason = new SimfleetError('malformed-body', 'what was sent is not a request of HTTP/1.1');
  const rendered = renderedProblem(reason, randomUUID());
  const body = JSON.stringify({ ...(JSON.parse(rendered.body ?? '{}') as object), status: Number(status.slice(0, 3)) });
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
};
