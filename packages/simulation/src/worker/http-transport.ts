import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

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
export const openHttpTransport = ({ url, timeoutMs = 10_000 }: HttpTransportOptions): ReportTransport => {
  const base = new URL(url);
  const secure = base.protocol === 'https:';
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets: 2 })
    : new HttpAgent({ keepAlive: true, maxSockets: 2 });
  const request = secure ? httpsRequest : httpRequest;

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
