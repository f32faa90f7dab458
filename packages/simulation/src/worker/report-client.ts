import type { Problem, ReportInput, ReportReply } from '@simfleet/contracts';
import type { ReportTransport, TransportAnswer } from './http-transport.ts';
import { readReply } from './read-reply.ts';
import { retryDelay } from './retry-delay.ts';

/** What a shard needs of time; the runtime's `Clock` fits. */
export interface ShardClock {
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The platform refused a report for good: trying again cannot help. */
export class ReportRefused extends Error {
  override readonly name = 'ReportRefused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface ReportClient {
  /**
   * Sends until the platform answers. Results are kept and sent again while it cannot be reached, is starting, or has a full disk: a report
   * is idempotent. After `leaving` aborts it gives up within seconds.
   * Throws `ReportRefused` on any other answer than 2xx.
   */
  send(report: ReportInput): Promise<ReportReply>;
}

export interface ReportClientOptions {
  readonly transport: ReportTransport;
  readonly jobId: string;
  readonly token: string;
  readonly clock: ShardClock;
  readonly random: () => number;
  readonly leaving: AbortSignal;
  readonly say: (line: string) => void;
}

/** From 50 ms, so that a closed keep-alive connection costs nothing to speak of, to 5 s, the time a platform takes to restart. */
const delays = { baseMs: 50, capMs: 5_000 };
/** How long a shard that was told to leave keeps trying to hand in its last results; below the 15 s it has in all. */
const leavingMs = 5_000;

const isTransient = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** A problem (RFC 9457) as one line, its mistakes by pointer. */
const summary = ({ status, body }: TransportAnswer): string => {
  const { title, detail, errors } = (parse(body) ?? {}) as Partial<Problem>;
  if (title === undefined) return `${status} ${body.slice(0, 200)}`;
  const mistakes = (errors ?? []).slice(0, 5).map((each) => `${each.pointer}: ${each.detail}`);
  return [`${status} ${title}: ${detail}`, ...mistakes].join('; ');
};

export const openReportClient = ({
  transport,
  jobId,
  token,
  clock,
  random,
  leaving,
  say,
}: ReportClientOptions): ReportClient => {
  const path = `/v1/jobs/${encodeURIComponent(jobId)}/reports`;

  /** The reply, or why there is none for now. Throws when there will never be one. */
  const trySend = async (
    body: string,
  ): Promise<ReportReply | { readonly failure: string; readonly waitMs: number }> => {
    let answer: TransportAnswer;
    try {
      answer = await transport.post(path, token, body);
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error), waitMs: 0 };
    }
    if (isTransient(answer.status)) return { failure: summary(answer), waitMs: (answer.retryAfterSeconds ?? 0) * 1000 };
    if (answer.status < 200 || answer.status > 299) throw new ReportRefused(answer.status, summary(answer));
    const reply = readReply(parse(answer.body));
    return reply ?? { failure: `not a reply: ${answer.body.slice(0, 200)}`, waitMs: 0 };
  };

  const send = async (report: ReportInput): Promise<ReportReply> => {
    const body = JSON.stringify(report);
    const started = clock.monotonic();
    for (let failures = 1; ; failures++) {
      const reply = await trySend(body);
      if (!('failure' in reply)) return reply;
      if (failures === 3 || failures % 20 === 0) say(`cannot report, trying again: ${reply.failure}`);
      const waitMs = Math.max(reply.waitMs, retryDelay(failures, delays, random()));
      if (leaving.aborted && clock.monotonic() - started + waitMs > leavingMs) {
        throw new ReportRefused(0, `gave up reporting: ${reply.failure}`);
      }
      await clock.sleep(waitMs, leaving.aborted ? undefined : leaving);
    }
  };

  return { send };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
