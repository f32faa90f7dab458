import { Agent, request as httpRequest } from 'node:http';

export interface TransportAnswer {
  readonly status: number;
  readonly body: string;
  /** Seconds from `Retry-After`, when the platform sent it. */
  readonly retryAfterSeconds: number | null;
}

/** One way to send a report; rejects when no whole answer came. */
export interface ReportTransport {
  post(path: string, token: string, body: string): Promise<TransportAnswer>;
  close(): void;
}

export interface HttpTransportOptions {
  /** Base address of the platform, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Longest wait for an answer, in milliseconds; a report waits for one durable write. */
  readonly timeoutMs?: number;
}

/** Reports over one connection that stays open: a shard sends one every second or so, and a handshake costs as much as a report. */
export const openHttpTransport = async ({
  url,
  timeoutMs = 10_000,
}: HttpTransportOptions): Promise<ReportTransport> => {
  const base = new URL(url);
  const { agent, request } = await clientFor(base.protocol);

  const post = (path: string, token: string, body: string): Promise<TransportAnswer> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, base),
        {
          method: 'POST',
          agent,
          timeout: timeoutMs,
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const retryAfter = Number(incoming.headers['retry-after']);
            resolve({
              status: incoming.statusCode ?? 0,
              body: Buffer.concat(chunks).toString('utf8'),
              retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : null,
            });
          });
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  return { post, close: () => agent.destroy() };
};

/** TLS is loaded where it is used only: it would double what a shard on this machine takes to start and to hold. */
const clientFor = async (
  protocol: string,
): Promise<{ readonly agent: Agent; readonly request: typeof httpRequest }> => {
  const options = { keepAlive: true, maxSockets: 2 };
  if (protocol !== 'https:') return { agent: new Agent(options), request: httpRequest };
  const https = await import('node:https');
  return { agent: new https.Agent(options), request: https.request };
};
