const ln2High: f64 = 6.93147180369123816490e-1;
const ln2Low: f64 = 1.90821492927058770002e-10;

/**
 * Natural logarithm of both lanes, within 1.0 ulp for positive normal numbers; anything else is the caller's mistake.
 * Method and coefficients of FDLIBM's e_log.c (Sun Microsystems, 1993): x = 2^k·(1+f), √½ ≤ 1+f < √2, s = f/(2+f),
 * log(1+f) = f − f²/2 + s·(f²/2 + R(s²)).
 */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  // Subtracting the bits of √½ moves the exponent's carry to where the mantissa passes √2.
  const origin = i64x2.splat(0x3fe6a09e667f3bcd);
  const distance = i64x2.sub(x, origin);
  const exponent = v128.and(distance, i64x2.splat(0xfff0000000000000));
  const f = f64x2.sub(i64x2.sub(x, exponent), f64x2.splat(1.0));
  // Exponent as a double: 2^52·1.5 + k has k in its low bits.
  const k = f64x2.sub(i64x2.add(i64x2.shr_s(exponent, 52), i64x2.splat(0x4338000000000000)), f64x2.splat(6755399441055744.0));
  const s = f64x2.div(f, f64x2.add(f64x2.splat(2.0), f));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  let odd = f64x2.add(f64x2.splat(2.222219843214978396e-1), f64x2.mul(w, f64x2.splat(1.531383769920937332e-1)));
  odd = f64x2.mul(w, f64x2.add(f64x2.splat(3.999999999940941908e-1), f64x2.mul(w, odd)));
  let even = f64x2.add(f64x2.splat(1.818357216161805012e-1), f64x2.mul(w, f64x2.splat(1.479819860511658591e-1)));
  even = f64x2.add(f64x2.splat(2.857142874366239149e-1), f64x2.mul(w, even));
  even = f64x2.mul(z, f64x2.add(f64x2.splat(6.666666666666735130e-1), f64x2.mul(w, even)));
  const halfSquare = f64x2.mul(f64x2.mul(f64x2.splat(0.5), f), f);
  const inner = f64x2.add(
    f64x2.mul(s, f64x2.add(halfSquare, f64x2.add(odd, even))),
    f64x2.mul(k, f64x2.splat(ln2Low)),
  );
  return f64x2.sub(f64x2.mul(k, f64x2.splat(ln2High)), f64x2.sub(f64x2.sub(halfSquare, inner), f));
}
