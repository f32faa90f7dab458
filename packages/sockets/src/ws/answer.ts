import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import type { Refusal } from '../upgrade/refusal.ts';

/** Answers a request that was taken off its HTTP server, and ends the connection: at once when the answer is out, after `closeMs` in any case. */
export const answerUpgrade = (request: IncomingMessage, stream: NetSocket, answer: Refusal, closeMs: number): void => {
  stream.setTimeout(closeMs, () => stream.destroy());
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(stream);
  response.on('finish', () => stream.destroySoon());
  writeAnswer(response, answer);
};

export const writeAnswer = (response: ServerResponse, { status, headers, body }: Refusal): void => {
  response.shouldKeepAlive = false;
  // A length of ours: an answer in pieces is one write more, and some clients of WebSockets do not read it.
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
};
