/** A message of a client, as far as every verb has it. */
export interface ClientCall {
  readonly id: number;
  /** Null when there is not exactly one member beside `id`. */
  readonly verb: string | null;
  readonly body: unknown;
  /** Letters that it came as: what it holds while it waits. */
  readonly length: number;
}

/** Null for what is no message of the protocol: it has no `id` that an answer could carry. */
export const readMessage = (message: string | Uint8Array): ClientCall | null => {
  const { length } = message;
  const value = typeof message === 'string' ? parsed(message) : null;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, 'id')) return null;
  const { id, ...rest } = value as { readonly id: unknown } & Readonly<Record<string, unknown>>;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return null;
  const [first, ...others] = Object.entries(rest);
  if (first === undefined || others.length > 0) return { id, verb: null, body: undefined, length };
  return { id, verb: first[0], body: first[1], length };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
