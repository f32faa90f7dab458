/** What the work gives, unless it takes longer than `ms`: then an error that tells what was waited for. */
export const inTime = async <Value>(work: Promise<Value>, ms: number, what: () => string): Promise<Value> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`waited ${ms} ms for ${what()}`)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
