/** meta/v1 MicroTime, of which we know milliseconds. */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
