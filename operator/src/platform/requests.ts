import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface PlatformRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  /** JSON text. */
  readonly body?: string | undefined;
}

export interface PlatformAnswer {
  readonly status: number;
  readonly etag: string | undefined;
  readonly text: string;
}

/** A write waits for its commit, and for the one that folds the job. */
const answerWithinMs = 15_000;

/**
 * Requests to the platform over connections that stay open, with Node's own client: a quarter of a millisecond of the processor each where `fetch` takes
 * twice that. Rejects when there is no answer in time. Redirects are answers.
 */
export const openRequests = (url: string): ((request: PlatformRequest) => Promise<PlatformAnswer>) => {
  const base = new URL(url);
  const isTls = base.protocol === 'https:';
  const agent: Agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const begin = isTls ? httpsRequest : httpRequest;

  const once = ({ method, path, token, body }: PlatformRequest): Promise<PlatformAnswer> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      };
      const sent = begin(new URL(path, base), { method, agent, headers });
      const late = setTimeout(() => sent.destroy(new Error(`no answer within ${answerWithinMs} ms`)), answerWithinMs);
      const fail = (error: Error): void => {
        clearTimeout(late);
        reject(Object.assign(error, { isStale: isStale(sent, error) }));
      };
      sent.on('error', fail);
      sent.on('response', (answer) => {
        readText(answer)
          .then((text) => resolve({ status: answer.statusCode ?? 0, etag: answer.headers.etag, text }))
          .catch(fail)
          .finally(() => clearTimeout(late));
      });
      sent.end(body);
    });

  return async (request) => {
    try {
      return await once(request);
    } catch (error) {
      if ((error as { readonly isStale?: boolean }).isStale !== true) throw error;
      return once(request);
    }
  };
};

/** The platform closed an idle connection in the moment in which it was used again. */
const isStale = (sent: ClientRequest, error: NodeJS.ErrnoException): boolean =>
  sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');

const readText = async (answer: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};
