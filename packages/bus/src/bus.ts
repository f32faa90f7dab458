import type { EventType, ReplyBody, RequestBody, RequestSubject, SimfleetEvent } from '@simfleet/contracts';

/** Ends a subscription; waits for the handler under way. Idempotent. */
export type Unsubscribe = () => Promise<void>;

export interface DurableConsumer<Type extends EventType> {
  /** Stable name; instances of the same name share the work. */
  readonly name: string;
  readonly types: readonly Type[];
  /**
   * Resolves after the effect is committed. Thrown errors are retried with exponential backoff; events of one source are handled in order,
   * one at a time. The handler sees an event at least once.
   */
  readonly handle: (event: SimfleetEvent<Type>) => Promise<void>;
  /** Attempts before the event is parked with its reason; default 10. */
  readonly maxAttempts?: number;
}

export interface DeadLetter {
  readonly consumer: string;
  readonly event: SimfleetEvent;
  readonly reason: string;
}

export interface Bus {
  readonly description: string;
  /** Resolves once the event is safe: durably stored by the broker, or (memory) handled by every durable consumer. */
  publish(event: SimfleetEvent): Promise<void>;
  consume<Type extends EventType>(consumer: DurableConsumer<Type>): Promise<Unsubscribe>;
  /** At most once, to everyone listening now: hints such as «new entries in stream X». */
  broadcast(subject: string, message: unknown): void;
  listen(subject: string, handler: (message: unknown) => void): Promise<Unsubscribe>;
  /** Throws `unavailable` when nobody answers in time. */
  request<Subject extends RequestSubject>(
    subject: Subject,
    body: RequestBody<Subject>,
    timeoutMs?: number,
  ): Promise<ReplyBody<Subject>>;
  answer<Subject extends RequestSubject>(
    subject: Subject,
    handler: (body: RequestBody<Subject>) => Promise<ReplyBody<Subject>>,
  ): Promise<Unsubscribe>;
  deadLetters(): Promise<readonly DeadLetter[]>;
  check(): Promise<void>;
  close(): Promise<void>;
}
