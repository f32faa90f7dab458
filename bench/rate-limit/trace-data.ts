/** Attempts of one client, in milliseconds from the start. */
export interface Trace {
  readonly name: string;
  readonly what: string;
  readonly times: readonly number[];
}

/** Mulberry32 (Tommy Ettinger, public domain): the same draws everywhere. 0 ≤ draw < 1. */
const draws = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
};

/** Arrivals at `rate(ms)` a millisecond, at most `most`, by thinning (Lewis and Shedler 1979). */
const poisson = (lengthMs: number, most: number, rate: (ms: number) => number, seed: number): readonly number[] => {
  const draw = draws(seed);
  const times: number[] = [];
  for (let ms = 0; ;) {
    ms -= Math.log(1 - draw()) / most;
    if (ms >= lengthMs) return times;
    if (draw() * most < rate(ms)) times.push(Math.floor(ms));
  }
};

const minute = 60_000;

/** For a limit of 100 a minute. Fixed: another run, another machine, the same attempts. */
export const traces = (): readonly Trace[] => {
  const span = 120 * minute;
  const uniform = Array.from({ length: span / 400 }, (_, index) => index * 400);
  const burst = (at: number, count: number): readonly number[] => new Array<number>(count).fill(at);
  // Every fourth minute one early attempt opens the windows that begin with the first of them; then two bursts lie on either side of the end.
  const boundary = Array.from({ length: 30 }, (_, index) => index * 4 * minute).flatMap((start) => [
    start,
    ...burst(start + minute - 30, 99),
    ...burst(start + minute + 30, 100),
  ]);
  // The most that a weighted counter lets through: a full burst late in a window, and another one window less a moment later.
  const late = Array.from({ length: 30 }, (_, index) => index * 4 * minute).flatMap((start) => [
    ...burst(start + minute - 10, 100),
    ...burst(start + 2 * minute - 20, 100),
  ]);
  const day = (ms: number): number => (1 - Math.cos((2 * Math.PI * ms) / (30 * minute))) / 2;
  return [
    { name: 'uniform', what: '150 a minute, evenly', times: uniform },
    { name: 'Poisson', what: '120 a minute, seed 1', times: poisson(span, 120 / minute, () => 120 / minute, 1) },
    { name: 'boundary burst', what: '100 before and 100 after the end of a window', times: boundary },
    {
      name: 'diurnal',
      what: '0 … 250 a minute and back in half an hour, seed 2',
      times: poisson(span, 250 / minute, (ms) => (250 / minute) * day(ms), 2),
    },
    { name: 'late bursts', what: '100 at the end of a window and of the next', times: late },
  ];
};
