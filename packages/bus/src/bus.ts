import type { EventType, ReplyBody, RequestBody, RequestSubject, SimfleetEvent } from '@simfleet/contracts';

/** Ends a subscription; waits for the handler under way. Idempotent. */
export type Unsubscribe = () => Promise<void>;

export interface DurableConsumer<Type extends EventType> {
  /** Stable name. Each event goes to one of the instances of the same name; when one ends or dies, the others take over. */
  readonly name: string;
  readonly types: readonly Type[];
  /**
   * Resolves after the effect is committed. Thrown errors are retried with exponential backoff; events of one source are handled in order,
   * one at a time. The handler sees an event at least once. It runs within the trace context that the event carries, or within none.
   */
  readonly handle: (event: SimfleetEvent<Type>) => Promise<void>;
  /** Attempts before the event is parked with its reason; default 10. */
  readonly maxAttempts?: number;
}

/** An event that a consumer could not handle, parked with its reason. */
export interface DeadLetter {
  /** Names the letter; letters sort by it, oldest first. */
  readonly id: string;
  readonly consumer: string;
  readonly event: SimfleetEvent;
  /** What the last attempt failed with. */
  readonly reason: string;
  readonly attempts: number;
  /** When it was parked, RFC 3339. */
  readonly time: string;
}

export interface DeadLetterQuery {
  /** Letters after this id. */
  readonly after?: string;
  /** 1 … 1000. */
  readonly limit: number;
}

export interface RequestOptions {
  /** Milliseconds; default 5000. */
  readonly timeoutMs?: number;
  /** Asks the one that answers as this name, and nobody else. Default: any of those who answer without a name. */
  readonly to?: string;
}

export interface AnswerOptions {
  /** Answers only requests that are sent `to` this name. */
  readonly as?: string;
}

export interface Bus {
  /** What it is and how durable, for people. */
  readonly description: string;
  /** Whether other processes are on it too. */
  readonly shared: boolean;
  /** Resolves once the event is safe: durably stored by the broker, or (memory) handled by every durable consumer. */
  publish(event: SimfleetEvent): Promise<void>;
  consume<Type extends EventType>(consumer: DurableConsumer<Type>): Promise<Unsubscribe>;
  /** At most once, to everyone listening now: hints such as «new entries in stream X». */
  broadcast(subject: string, message: unknown): void;
  listen(subject: string, handler: (message: unknown) => void): Promise<Unsubscribe>;
  /** Throws `unavailable` when nobody answers in time; what the answering side threw, by code. */
  request<Subject extends RequestSubject>(
    subject: Subject,
    body: RequestBody<Subject>,
    options?: RequestOptions,
  ): Promise<ReplyBody<Subject>>;
  /** The handler runs within the trace context of who asks. */
  answer<Subject extends RequestSubject>(
    subject: Subject,
    handler: (body: RequestBody<Subject>) => Promise<ReplyBody<Subject>>,
    options?: AnswerOptions,
  ): Promise<Unsubscribe>;
  /** Parked events, oldest first. */
  deadLetters(query: DeadLetterQuery): Promise<readonly DeadLetter[]>;
  /**
   * Hands the event to its consumer again, and to nobody else, with all its attempts; the letter is gone once that is safe. Throws `not-found`, and
   * `unavailable` where the consumer's process has to be there and is not.
   */
  replay(letterId: string): Promise<void>;
  /** Forgets a letter for good. Throws `not-found`. */
  discard(letterId: string): Promise<void>;
  check(): Promise<void>;
  close(): Promise<void>;
}
