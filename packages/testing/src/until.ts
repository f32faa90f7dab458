/** Between two looks at a condition, in milliseconds. */
const intervalMs = 5;

/**
 * Waits until a condition in the real world holds (a child process, a server) and answers what it gave. Throws after `limitMs` and says
 * what was waited for. For what has no event to wait on; code with a clock is tested with `fakeClock`.
 */
export const until = async <Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  limitMs = 10_000,
): Promise<NonNullable<Exclude<Value, false>>> => {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== null && value !== undefined) return value as NonNullable<Exclude<Value, false>>;
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
};
