/** A server-sent event (WHATWG HTML §9.2). `data` is sent as JSON; `id` must not hold NUL, CR or LF. */
export interface SseEvent {
  readonly id: string;
  /** Type of the event; the client sees `message` when absent. */
  readonly event?: string;
  readonly data: unknown;
}
