const groups = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1342177280 → `1,342,177,280`. */
export const count = (value: number): string => groups.format(value);

const units = [
  { from: 1e12, sign: 'T' },
  { from: 1e9, sign: 'G' },
  { from: 1e6, sign: 'M' },
  { from: 1e3, sign: 'k' },
];

/** 54100000 → `54.1 M`: three significant digits and an SI prefix. */
export const compact = (value: number): string => {
  const unit = units.find(({ from }) => value >= from * 0.9995);
  if (unit === undefined) return `${Number(value.toPrecision(3))} `;
  const scaled = value / unit.from;
  return `${scaled.toFixed(scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2)} ${unit.sign}`;
};

/** Seconds → `0:12`, `1:02:03`; rounded up, so that work that is left never shows as 0:00. */
export const duration = (seconds: number): string => {
  const whole = Math.ceil(seconds);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
};

/** Digits after the point that show two significant digits of an uncertainty; 0 … 15. */
const decimalsFor = (uncertainty: number): number => Math.min(15, Math.max(0, 1 - Math.floor(Math.log10(uncertainty))));

/** Shortest form of a number that needs no rounding, without an exponent where that is readable. */
const plain = (value: number): string =>
  Number.isSafeInteger(value) ? count(value) : String(Number(value.toPrecision(12)));

/** A value and its half-width, both cut to the digits that the half-width supports: 10.4506 and 0.0010. */
export const withUncertainty = (value: number, halfWidth: number | null): { value: string; halfWidth: string } => {
  if (halfWidth === null || !Number.isFinite(halfWidth))
    return { value: String(Number(value.toPrecision(6))), halfWidth: '?' };
  if (halfWidth === 0) return { value: plain(value), halfWidth: '0' };
  if (Math.abs(value) >= 1e15 || halfWidth < 1e-13)
    return { value: String(value), halfWidth: halfWidth.toPrecision(2) };
  const decimals = decimalsFor(halfWidth);
  return { value: value.toFixed(decimals), halfWidth: halfWidth.toFixed(decimals) };
};

/** 0.99 → `99%`, 0.999 → `99.9%`. */
export const percent = (share: number): string => `${Number((share * 100).toPrecision(10))}%`;

/** Time since, as `12s`, `5m`, `3h`, `2d`. */
export const age = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
};
