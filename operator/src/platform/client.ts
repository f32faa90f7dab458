import { readFile } from 'node:fs/promises';
import { SimfleetError, errorTable } from '@simfleet/contracts';
import type { CreateJob, ErrorCode, Job, JobState, Page, Problem, Service } from '@simfleet/contracts';

/** Members of a job's spec or labels as JSON merge patch (RFC 7396). */
export interface JobPatch {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, unknown>>;
}

/** A service as a resource describes it. */
export interface ServiceOrder {
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * The platform's API as the operator uses it. Throws what the platform answers, by code, mistakes included; `unavailable` when it does not answer in
 * time. Everything may be sent again: a job is created once for each resource uid.
 */
export interface Platform {
  createJob(
    body: Pick<CreateJob, 'customer' | 'name' | 'labels' | 'resource'> & { readonly spec: unknown },
  ): Promise<Job>;
  /** Null when there is none. */
  getJob(id: string): Promise<Job | null>;
  /** Jobs of that name, of all customers; the newest 500. */
  findJobs(name: string): Promise<readonly Job[]>;
  patchJob(id: string, patch: JobPatch): Promise<Job>;
  /** Every job in one of these states, a page at a time. */
  listJobs(states: readonly JobState[]): AsyncIterable<readonly Job[]>;
  /** Null when there is none; without a version the newest. */
  getService(name: string, version?: number): Promise<Service | null>;
  createService(name: string, order: ServiceOrder): Promise<Service>;
  replaceService(name: string, order: ServiceOrder): Promise<Service>;
  /** False when there was none. */
  deleteService(name: string): Promise<boolean>;
}

export interface PlatformOptions {
  /** Base URL. */
  readonly url: string;
  /** File of the operator's token; read again when the platform refuses it, since a mounted Secret changes under us. */
  readonly tokenFile: string;
  readonly fetch?: typeof fetch;
}

/** A write waits for its commit, and for the one that folds the job. */
const answerWithinMs = 15_000;
const pageSize = 500;

export const openPlatform = ({ url, tokenFile, fetch: send = fetch }: PlatformOptions): Platform => {
  let token: Promise<string> | null = null;
  const readToken = async (): Promise<string> => {
    try {
      return (await readFile(tokenFile, 'utf8')).trim();
    } catch (cause) {
      token = null;
      throw new SimfleetError('unavailable', `the operator's token cannot be read from ${tokenFile}`, { cause });
    }
  };

  const once = async (method: string, path: string, body: unknown): Promise<Response> => {
    const headers: Record<string, string> = { authorization: `Bearer ${await (token ??= readToken())}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    try {
      return await send(new URL(path, url), {
        ...{ method, headers, redirect: 'error', signal: AbortSignal.timeout(answerWithinMs) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new SimfleetError('unavailable', `the platform at ${url} does not answer`, { cause });
    }
  };

  const call = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    let response = await once(method, path, body);
    if (response.status === 401) {
      await response.body?.cancel();
      token = null;
      response = await once(method, path, body);
    }
    if (!response.ok) throw await problemOf(response);
    return (response.status === 204 ? undefined : await response.json()) as Body;
  };

  const orNull = async <Body>(answer: Promise<Body>): Promise<Body | null> => {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof SimfleetError && error.code === 'not-found') return null;
      throw error;
    }
  };

  const jobPath = (id: string): string => `/v1/jobs/${encodeURIComponent(id)}`;
  const servicePath = (name: string): string => `/v1/services/${encodeURIComponent(name)}`;

  return {
    createJob: (body) => call('POST', '/v1/jobs', body),
    getJob: (id) => orNull(call<Job>('GET', jobPath(id))),
    async findJobs(name) {
      const query = new URLSearchParams({ name, limit: String(pageSize) });
      return (await call<Page<Job>>('GET', `/v1/jobs?${query.toString()}`)).items;
    },
    patchJob: (id, patch) => call('PATCH', jobPath(id), patch),
    async *listJobs(states) {
      const query = new URLSearchParams(states.map((state): [string, string] => ['state', state]));
      query.set('limit', String(pageSize));
      for (let cursor: string | null = ''; cursor !== null;) {
        if (cursor !== '') query.set('cursor', cursor);
        const page: Page<Job> = await call('GET', `/v1/jobs?${query.toString()}`);
        yield page.items;
        cursor = page.next;
      }
    },
    getService: (name, version) =>
      orNull(
        call<Service>('GET', version === undefined ? servicePath(name) : `${servicePath(name)}/versions/${version}`),
      ),
    createService: (name, order) => call('POST', '/v1/services', { name, ...order }),
    replaceService: (name, order) => call('PUT', servicePath(name), order),
    async deleteService(name) {
      // An answer without a body is undefined, not null.
      return (await orNull(call<undefined>('DELETE', servicePath(name)))) !== null;
    },
  };
};

/** The platform's problem as an error of ours. What is none of ours came from something between. */
const problemOf = async (response: Response): Promise<SimfleetError> => {
  const text = await response.text().catch(() => '');
  const problem = parsed(text);
  const { code, detail, errors } = problem;
  if (code !== undefined && Object.hasOwn(errorTable, code))
    return new SimfleetError(code as ErrorCode, detail ?? code, { mistakes: errors ?? [] });
  return new SimfleetError('unavailable', `the platform answered ${response.status} ${text.slice(0, 200)}`);
};

const parsed = (text: string): Partial<Problem> => {
  try {
    return JSON.parse(text) as Partial<Problem>;
  } catch {
    return {};
  }
};
