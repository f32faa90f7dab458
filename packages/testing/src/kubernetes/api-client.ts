import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; text where it is not JSON. */
  readonly body: unknown;
}

export type ApiMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type PatchType =
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/json-patch+json'
  | 'application/apply-patch+yaml';

/**
 * Requests to an API server over connections that stay open, with one token. It knows nothing of the kinds of objects.
 */
export interface KubernetesApi {
  /** Sends one request and answers whatever comes back, errors of the server included. Rejects when there is no answer. */
  send(method: ApiMethod, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer>;
  /** GET. Throws the server's message when it refuses. */
  get(path: string): Promise<unknown>;
  create(path: string, object: unknown): Promise<unknown>;
  /** Merge patch unless another type is given. */
  patch(path: string, patch: unknown, type?: PatchType): Promise<unknown>;
  remove(path: string): Promise<unknown>;
}

/** Requests that take longer have failed, so that a paused server does not hang a test. Milliseconds. */
const patienceMs = 20_000;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

export const kubernetesApi = (url: string, caFile: string, token: string): KubernetesApi => {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ca: readFileSync(caFile) });

  const send: KubernetesApi['send'] = (method, path, body, contentType = 'application/json') =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(text === undefined
          ? {}
          : { 'content-type': contentType, 'content-length': String(Buffer.byteLength(text)) }),
      };
      const sent = request(new URL(path, url), { method, agent, headers, timeout: patienceMs }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString()) }),
        );
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer for ${patienceMs} ms`)));
      sent.on('error', reject);
      sent.end(text);
    });

  const must = async (method: ApiMethod, path: string, body?: unknown, contentType?: string): Promise<unknown> => {
    const answer = await send(method, path, body, contentType);
    if (answer.status < 300) return answer.body;
    const said = (answer.body as { readonly message?: string } | null)?.message ?? JSON.stringify(answer.body);
    throw new Error(`${method} ${path}: ${answer.status} ${said}`);
  };

  return {
    send,
    get: (path) => must('GET', path),
    create: (path, object) => must('POST', path, object),
    patch: (path, patch, type = 'application/merge-patch+json') => must('PATCH', path, patch, type),
    remove: (path) => must('DELETE', path),
  };
};
