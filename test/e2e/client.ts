import type { Job, JobResult, LiveEvent, LogLine } from '@simfleet/contracts';
import type { z } from 'zod';
import type { createJob } from '@simfleet/contracts';

/** A live event with its position in the job's log. */
export interface Received {
  readonly id: number;
  readonly event: LiveEvent;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Client {
  request(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  create(job: JobInput, headers?: Readonly<Record<string, string>>): Promise<Job>;
  job(id: string): Promise<Job>;
  act(id: string, action: 'suspend' | 'resume' | 'cancel'): Promise<Answer>;
  logs(id: string): Promise<readonly LogLine[]>;
  /** Events after `after` until the stream ends; throws when the connection breaks. */
  events(id: string, after?: number, signal?: AbortSignal): AsyncGenerator<Received>;
  /** Follows the job to its end. Throws what is known of the job when that does not come. */
  result(id: string): Promise<JobResult>;
}

/** Longest wait for a result, in milliseconds: many times what the longest job of a test takes. */
const resultLimitMs = 180_000;

export type JobInput = z.input<typeof createJob>;

/** A client as any program could be one: HTTP only. Throws on an unexpected status. */
export const openClient = ({ url, token }: { readonly url: string; readonly token: string }): Client => {
  const authorization = `Bearer ${token}`;

  const request: Client['request'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  };

  const expect = async (wanted: number, answer: Promise<Answer>): Promise<unknown> => {
    const { status, body } = await answer;
    if (status !== wanted) throw new Error(`status ${status}, expected ${wanted}: ${JSON.stringify(body)}`);
    return body;
  };

  async function* events(id: string, after = 0, signal?: AbortSignal): AsyncGenerator<Received> {
    const response = await fetch(`${url}/v1/jobs/${id}/events`, {
      headers: {
        authorization,
        accept: 'text/event-stream',
        ...(after === 0 ? {} : { 'last-event-id': String(after) }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status === 204) return;
    if (response.status !== 200 || response.body === null) throw new Error(`no stream: ${response.status}`);
    let rest = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const received = parseEvent(part);
        if (received !== null) yield received;
      }
    }
  }

  const result: Client['result'] = async (id) => {
    const late = AbortSignal.timeout(resultLimitMs);
    try {
      for await (const { event } of events(id, 0, late)) if (event.type === 'result') return event.result;
    } catch (error) {
      if (!late.aborted) throw error;
      const { body } = await request('GET', `/v1/jobs/${id}`);
      throw new Error(`no result within ${resultLimitMs} ms: ${JSON.stringify(body)}`, { cause: error });
    }
    throw new Error(`the stream of ${id} ended without a result`);
  };

  return {
    request,
    create: async (job, headers) => (await expect(201, request('POST', '/v1/jobs', job, headers))) as Job,
    job: async (id) => (await expect(200, request('GET', `/v1/jobs/${id}`))) as Job,
    act: (id, action) => request('POST', `/v1/jobs/${id}:${action}`),
    logs: async (id) => {
      const body = (await expect(200, request('GET', `/v1/jobs/${id}/logs?limit=1000`))) as {
        readonly lines: LogLine[];
      };
      return body.lines;
    },
    events,
    result,
  };
};

const parseEvent = (text: string): Received | null => {
  const fields = text.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line));
  const valueOf = (name: string): string =>
    fields
      .filter((each) => each?.[1] === name)
      .map((each) => each?.[2])
      .join('\n');
  const data = valueOf('data');
  return data === '' ? null : { id: Number(valueOf('id')), event: JSON.parse(data) as LiveEvent };
};
