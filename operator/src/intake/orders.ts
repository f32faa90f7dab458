/** Jobs of the API that want a resource: where it would be, and which job it is. */
export interface Orders {
  /** `key`: `namespace/name`. */
  expect(key: string, jobId: string): void;
  /** Id of the job that wants to have a resource there, or null. */
  of(key: string): string | null;
  done(key: string): void;
  clear(): void;
}

export const openOrders = (): Orders => {
  const wanted = new Map<string, string>();
  return {
    expect: (key, jobId) => void wanted.set(key, jobId),
    of: (key) => wanted.get(key) ?? null,
    done: (key) => void wanted.delete(key),
    clear: () => wanted.clear(),
  };
};
