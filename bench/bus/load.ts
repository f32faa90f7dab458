/** Does `count` pieces of work, `inFlight` at a time. Resolves with the pieces a second. */
export const rateOf = async (
  count: number,
  inFlight: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> => {
  const started = performance.now();
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return (count * 1000) / (performance.now() - started);
};

/** Begins `rate` pieces of work a second for `seconds`, however long each takes; whoever is late is not waited for. Resolves when all have ended. */
export const steadily = async (rate: number, seconds: number, work: (index: number) => Promise<unknown>) => {
  const started = performance.now();
  const all: Promise<unknown>[] = [];
  while (performance.now() - started < seconds * 1000) {
    const due = ((performance.now() - started) * rate) / 1000;
    while (all.length < due) all.push(work(all.length));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(all);
};
