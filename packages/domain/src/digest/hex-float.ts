import { SimfleetError } from '@simfleet/contracts';
import { powerOfTwo, splitPowerOfTwo } from '../numerics/power-of-two.ts';

/**
 * A finite double in the form of C99's `%a` (7.21.6.1) as glibc prints it: `0x1.8p+1`, `-0x1p-3`, subnormals `0x0.0000000000001p-1022`.
 * All bits are there, and two doubles have the same text exactly if they are equal: −0 is written like 0, since JSON may lose its sign on
 * the way from a shard. Throws `internal` for NaN and infinities, which `validateResult` keeps out.
 */
export const hexFloat = (value: number): string => {
  if (!Number.isFinite(value)) throw new SimfleetError('internal', `${value} has no hexadecimal form.`);
  if (value === 0) return '0x0p+0';
  const sign = value < 0 ? '-' : '';
  const { significand, exponent } = splitPowerOfTwo(Math.abs(value));
  if (exponent < -1022) return `${sign}0x0${fraction(subnormalFraction(significand, exponent))}p-1022`;
  return `${sign}0x1${fraction((significand - 1) * powerOfTwo(52))}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
};

/** The 52 bits of a subnormal as an integer. */
const subnormalFraction = (significand: number, exponent: number): number => significand * powerOfTwo(exponent + 1074);

const fraction = (bits: number): string => {
  const digits = bits.toString(16).padStart(13, '0').replace(/0+$/, '');
  return digits === '' ? '' : `.${digits}`;
};
