import { errorCode, SimfleetError } from '@simfleet/contracts';
import type { ErrorCode, Page, PageTotal } from '@simfleet/contracts';
import type { Terminal } from '../terminal.ts';
import type { Address, FindAddress } from './find-platform.ts';
import { problemError } from './problem.ts';

/** Longest wait for an answer, in ms: an estimate's pilot takes about a second, everything else far less. */
const ANSWER_WITHIN = 30_000;
/** Attempts of a request that may be repeated, and the longest wait between two of them, in ms. */
const ATTEMPTS = 4;
const LONGEST_WAIT = 5_000;

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;
export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface Answer<Body> {
  readonly body: Body;
  readonly etag: string | null;
}

export interface Listed<Item> {
  readonly items: readonly Item[];
  readonly more: boolean;
  readonly total?: PageTotal;
}

/** The platform's HTTP interface, as far as the command needs it. Answers are taken as the contracts describe them. */
export interface Client {
  /** Throws the platform's problem as SimfleetError, `unavailable` when it does not answer. */
  request<Body>(method: string, path: string, options?: RequestOptions): Promise<Answer<Body>>;
  /** All pages of a list, at most `limit` items. The total is that of the first page, when `query` asks for one. */
  list<Item>(path: string, query: Query, limit: number): Promise<Listed<Item>>;
  /** An event stream; the caller reads its body and ends it with the signal. */
  open(path: string, options: { headers: Record<string, string>; signal: AbortSignal }): Promise<Response>;
  address(): Promise<Address>;
}

const target = (address: Address, path: string, query: Query = {}): string => {
  const url = new URL(`${address.url}${path}`);
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? (value as readonly string[]) : [value as string | number])
      url.searchParams.append(key, String(each));
  }
  return url.href;
};

const causeCode = (error: unknown): string | undefined => {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
};

/** Faults without a code, such as fetch's refusal of some ports, have a message alone. */
const causeText = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message !== '' ? cause.message : 'no answer';
};

const whyUnreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name cannot be looked up',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ETIMEDOUT: 'no answer',
  UND_ERR_CONNECT_TIMEOUT: 'no answer',
};

const unreachable = (address: Address, error: unknown): SimfleetError => {
  const timedOut = error instanceof Error && error.name === 'TimeoutError';
  const code = causeCode(error);
  const reason = timedOut
    ? `no answer within ${ANSWER_WITHIN / 1000} s`
    : (whyUnreachable[code ?? ''] ?? code ?? causeText(error));
  return new SimfleetError('unavailable', `the platform at ${address.url} cannot be reached: ${reason}`, {
    cause: error,
  });
};

/** Ms that the answer asks us to wait, or undefined. */
const retryAfter = (response: Response): number | undefined => {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
};

const readBody = async (response: Response): Promise<unknown> => {
  const text = await response.text();
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SimfleetError('internal', `${response.url} did not answer JSON: is it a Simfleet platform?`, { cause });
  }
};

/** A request may be sent again if it changes nothing, sets a whole state, or carries its Idempotency-Key. */
const isRepeatable = (method: string, headers: Readonly<Record<string, string>>): boolean =>
  method === 'GET' || 'idempotency-key' in headers;

const worthAnotherTry = (error: unknown): boolean => {
  const code: ErrorCode | undefined = errorCode(error);
  return code === 'unavailable' && causeCode(error instanceof Error ? error.cause : undefined) !== 'ECONNREFUSED';
};

/** A limit that opens again soon is waited for; of a longer wait the person is told instead. Asking earlier than told would be refused again. */
const mayPass = ({ code }: SimfleetError, wait: number | undefined): boolean =>
  code === 'unavailable' || (code === 'quota-exceeded' && wait !== undefined && wait <= LONGEST_WAIT);

export const createClient = (terminal: Terminal, find: FindAddress): Client => {
  const send = async (address: Address, method: string, href: string, options: RequestOptions): Promise<Response> => {
    const headers: Record<string, string> = { ...options.headers, authorization: `Bearer ${address.token}` };
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    const signal = AbortSignal.any([terminal.interrupted, AbortSignal.timeout(ANSWER_WITHIN)]);
    const body = options.body === undefined ? {} : { body: JSON.stringify(options.body) };
    try {
      return await fetch(href, { method, headers, signal, redirect: 'error', ...body });
    } catch (error) {
      if (terminal.interrupted.aborted) throw error;
      throw unreachable(address, error);
    }
  };

  const once = async <Body>(method: string, path: string, options: RequestOptions) => {
    const address = await find();
    const response = await send(address, method, target(address, path, options.query), options);
    const body = await readBody(response);
    if (response.ok) return { answer: { body: body as Body, etag: response.headers.get('etag') } };
    return { problem: problemError(response.status, body), wait: retryAfter(response) };
  };

  const request = async <Body>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<Body>> => {
    const attempts = isRepeatable(method, options.headers ?? {}) ? ATTEMPTS : 1;
    for (let attempt = 1; ; attempt += 1) {
      let wait = 100 * 2 ** attempt;
      try {
        const outcome = await once<Body>(method, path, options);
        if (outcome.answer !== undefined) return outcome.answer;
        if (attempt >= attempts || !mayPass(outcome.problem, outcome.wait)) throw outcome.problem;
        wait = outcome.wait ?? wait;
      } catch (error) {
        if (attempt >= attempts || !worthAnotherTry(error)) throw error;
      }
      await terminal.sleep(Math.min(wait, LONGEST_WAIT), terminal.interrupted);
    }
  };

  const list = async <Item>(path: string, query: Query, limit: number): Promise<Listed<Item>> => {
    const items: Item[] = [];
    let cursor: string | null = null;
    let total: PageTotal | undefined;
    do {
      const size = Math.min(1000, limit - items.length);
      // One count is enough.
      const place: Query = cursor === null ? {} : { cursor, total: undefined };
      const { body } = await request<Page<Item>>('GET', path, { query: { ...query, limit: size, ...place } });
      items.push(...body.items);
      total ??= body.total;
      cursor = body.next;
    } while (cursor !== null && items.length < limit);
    return { items, more: cursor !== null, ...(total === undefined ? {} : { total }) };
  };

  return {
    request,
    list,
    address: find,
    open: async (path, { headers, signal }) => {
      const address = await find();
      const all = { ...headers, authorization: `Bearer ${address.token}` };
      try {
        return await fetch(target(address, path), { headers: all, signal, redirect: 'error' });
      } catch (error) {
        if (signal.aborted) throw error;
        throw unreachable(address, error);
      }
    },
  };
};
