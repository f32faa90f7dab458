/** A double as the shortest decimal that reads back as it; undefined where there is none. */
export const figure = (value: number | null): string | undefined =>
  value === null || !Number.isFinite(value) ? undefined : String(value).replace('e+', 'e');

/** For a column: six digits, of the half-width two. */
export const rounded = (value: number, digits: number): string => {
  const text = String(Number(value.toPrecision(digits)));
  return text.replace('e+', 'e');
};

/** `3m20s`, `45s`, `2h5m`, `3d4h`: two units, as kubectl shows ages. */
export const shortSpan = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const;
  const first = units.findIndex(([, size]) => whole >= size);
  if (first < 0) return '0s';
  const [name, size] = units[first] ?? ['s', 1];
  const [nextName, nextSize] = units[first + 1] ?? [null, 1];
  const rest = Math.floor((whole % size) / nextSize);
  return `${Math.floor(whole / size)}${name}${nextName === null || rest === 0 ? '' : `${rest}${nextName}`}`;
};

/** `42 %`; below 1 % and above 99 % nothing is rounded to an end that is not reached. */
export const percent = (fraction: number): string =>
  `${fraction >= 1 ? 100 : Math.min(99, Math.floor(fraction * 100))} %`;
