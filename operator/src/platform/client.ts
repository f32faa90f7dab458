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

/** A job as the platform answered it, with the version of its record: that of the event which told of it. Lists do not tell it. */
export interface JobRecord extends Job {
  readonly version?: number;
}

/**
 * The platform's API as the operator uses it. Throws what the platform answers, by code, mistakes included; `unavailable` when it does not answer in
 * time. Everything may be sent again: a job is created once for each resource uid.
 */
export interface Platform {
  createJob(
    body: Pick<CreateJob, 'customer' | 'name' | 'labels' | 'resource'> & { readonly spec: unknown },
  ): Promise<JobRecord>;
  /** Null when there is none. */
  getJob(id: string): Promise<JobRecord | null>;
  /** Jobs of that name, of all customers; the newest 500. */
  findJobs(name: string): Promise<readonly Job[]>;
  patchJob(id: string, patch: JobPatch): Promise<JobRecord>;
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
}

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly text: string;
}

/** A write waits for its commit, and for the one that folds the job. */
const answerWithinMs = 15_000;
const pageSize = 500;

export const openPlatform = ({ url, tokenFile }: PlatformOptions): Platform => {
  let token: Promise<string> | null = null;
  const readToken = async (): Promise<string> => {
    try {
      return (await readFile(tokenFile, 'utf8')).trim();
    } catch (cause) {
      token = null;
      throw new SimfleetError('unavailable', `the operator's token cannot be read from ${tokenFile}`, { cause });
    }
  };

  const once = async (method: string, path: string, body: string | undefined): Promise<Answer> => {
    const headers: Record<string, string> = { authorization: `Bearer ${await (token ??= readToken())}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    try {
      const response = await fetch(new URL(path, url), {
        ...{ method, headers, redirect: 'error', signal: AbortSignal.timeout(answerWithinMs) },
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, etag: response.headers.get('etag'), text: await response.text() };
    } catch (cause) {
      throw new SimfleetError('unavailable', `the platform at ${url} does not answer`, { cause });
    }
  };

  const answered = async (method: string, path: string, content?: unknown): Promise<Answer> => {
    const body = content === undefined ? undefined : JSON.stringify(content);
    let answer = await once(method, path, body);
    if (answer.status === 401) {
      token = null;
      answer = await once(method, path, body);
    }
    if (answer.status < 200 || answer.status > 299) throw problemOf(answer);
    return answer;
  };

  const call = async <Body>(method: string, path: string, content?: unknown): Promise<Body> =>
    bodyOf<Body>(await answered(method, path, content));

  const job = async (method: string, path: string, content?: unknown): Promise<JobRecord> => {
    const answer = await answered(method, path, content);
    const version = Number(/^"(\d+)"$/.exec(answer.etag ?? '')?.[1]);
    return { ...bodyOf<Job>(answer), ...(Number.isNaN(version) ? {} : { version }) };
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
    createJob: (body) => job('POST', '/v1/jobs', body),
    getJob: (id) => orNull(job('GET', jobPath(id))),
    async findJobs(name) {
      const query = new URLSearchParams({ name, limit: String(pageSize) });
      return (await call<Page<Job>>('GET', `/v1/jobs?${query.toString()}`)).items;
    },
    patchJob: (id, patch) => job('PATCH', jobPath(id), patch),
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

/** Throws `unavailable` when it is no JSON: something between. */
const bodyOf = <Body>({ status, text }: Answer): Body => {
  if (status === 204) return undefined as Body;
  try {
    return JSON.parse(text) as Body;
  } catch (cause) {
    throw new SimfleetError('unavailable', `the platform answered ${status} with what is no JSON`, { cause });
  }
};

/** The platform's problem as an error of ours. What is none of ours came from something between. */
const problemOf = ({ status, text }: Answer): SimfleetError => {
  const { code, detail, errors } = parsed(text);
  if (code !== undefined && Object.hasOwn(errorTable, code))
    return new SimfleetError(code as ErrorCode, detail ?? code, { mistakes: errors ?? [] });
  return new SimfleetError('unavailable', `the platform answered ${status} ${text.slice(0, 200)}`);
};

const parsed = (text: string): Partial<Problem> => {
  try {
    return JSON.parse(text) as Partial<Problem>;
  } catch {
    return {};
  }
};
