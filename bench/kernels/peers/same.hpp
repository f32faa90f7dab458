// The kernels of packages/simulation line by line in C++ at 128-bit lanes: same counters, same tables, same operations in the same order.
#pragma once
#include <immintrin.h>
#include "tables.hpp"

namespace same {

using V = __m128i;
using D = __m128d;

static inline D both(double x) { return _mm_set1_pd(x); }
static inline V bits(std::uint64_t x) { return _mm_set1_epi64x(static_cast<long long>(x)); }

struct Keys {
  V k0[10], k1[10];
  explicit Keys(std::uint64_t seed) {
    auto a = static_cast<std::uint32_t>(seed), b = static_cast<std::uint32_t>(seed >> 32);
    for (int i = 0; i < 10; i++, a += 0x9e3779b9u, b += 0xbb67ae85u) k0[i] = _mm_set1_epi32(a), k1[i] = _mm_set1_epi32(b);
  }
};

constexpr std::uint32_t m0 = 0xd2511f53u, m1 = 0xcd9e8d57u;
static inline V product01(V x, std::uint32_t m) { return _mm_mul_epu32(_mm_unpacklo_epi32(x, x), _mm_set1_epi32(m)); }
static inline V product23(V x, std::uint32_t m) { return _mm_mul_epu32(_mm_unpackhi_epi32(x, x), _mm_set1_epi32(m)); }
static inline V upper(V x, std::uint32_t m) {
  return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(product01(x, m)), _mm_castsi128_ps(product23(x, m)), _MM_SHUFFLE(3, 1, 3, 1)));
}
static inline V lower(V x, std::uint32_t m) { return _mm_mullo_epi32(x, _mm_set1_epi32(m)); }

static inline void lastRound(const Keys& key, V a, V b, V c, V d, std::uint64_t* target) {
  const V zero = _mm_setzero_si128();
  const V x = _mm_xor_si128(b, key.k0[9]), y = _mm_xor_si128(d, key.k1[9]);
  V* out = reinterpret_cast<V*>(target);
  _mm_store_si128(out, _mm_xor_si128(product01(c, m1), _mm_unpacklo_epi32(zero, x)));
  _mm_store_si128(out + 1, _mm_xor_si128(product23(c, m1), _mm_unpackhi_epi32(zero, x)));
  _mm_store_si128(out + 2, _mm_xor_si128(product01(a, m0), _mm_unpacklo_epi32(zero, y)));
  _mm_store_si128(out + 3, _mm_xor_si128(product23(a, m0), _mm_unpackhi_epi32(zero, y)));
}

/** Two counters done in scalar registers beside the vectors: (low, high, 0, draw) and (low + 1, high, 0, draw). */
struct Pair {
  std::uint32_t low, high, draw;
  std::uint64_t* target;
};

static inline std::uint32_t mixed(std::uint64_t product, std::uint32_t other, V key) {
  return static_cast<std::uint32_t>(product >> 32) ^ other ^ static_cast<std::uint32_t>(_mm_cvtsi128_si32(key));
}
static inline void lastPairRound(const Keys& key, std::uint32_t w, std::uint32_t x, std::uint32_t y, std::uint32_t z,
                                 std::uint64_t* target) {
  target[0] = std::uint64_t{y} * m1 ^ std::uint64_t{mixed(0, x, key.k0[9])} << 32;
  target[4] = std::uint64_t{w} * m0 ^ std::uint64_t{mixed(0, z, key.k1[9])} << 32;
}

static inline void philoxFrom2(const Keys& key, V a, V b, V c, V d, V e, V f, V g, V h, std::uint64_t* target, Pair pair) {
  using U = std::uint64_t;
  using W = std::uint32_t;
  // Rounds 0 and 1 of the pair: words (w, x, y, z) and (s, t, u, v).
  const U product = U{pair.low} * m0, nextProduct = product + m0;
  const W a1 = mixed(0, pair.high, key.k0[0]);
  W y = mixed(product, pair.draw, key.k1[0]), u = mixed(nextProduct, pair.draw, key.k1[0]);
  const U shared = U{a1} * m0, f1 = U{y} * m1, s1 = U{u} * m1;
  W w = mixed(f1, 0, key.k0[1]), s = mixed(s1, 0, key.k0[1]), x = W(f1), t = W(s1);
  y = mixed(shared, W(product), key.k1[1]), u = mixed(shared, W(nextProduct), key.k1[1]);
  W z = W(shared), v = z;
#pragma GCC unroll 8
  for (int round = 2; round < 9; round++) {
    const U first0 = U{w} * m0, second0 = U{s} * m0, first1 = U{y} * m1, second1 = U{u} * m1;
    w = mixed(first1, x, key.k0[round]), x = W(first1), s = mixed(second1, t, key.k0[round]), t = W(second1);
    y = mixed(first0, z, key.k1[round]), z = W(first0), u = mixed(second0, v, key.k1[round]), v = W(second0);
    const V nextA = _mm_xor_si128(upper(c, m1), _mm_xor_si128(b, key.k0[round]));
    const V nextE = _mm_xor_si128(upper(g, m1), _mm_xor_si128(f, key.k0[round]));
    const V nextC = _mm_xor_si128(upper(a, m0), _mm_xor_si128(d, key.k1[round]));
    const V nextG = _mm_xor_si128(upper(e, m0), _mm_xor_si128(h, key.k1[round]));
    b = lower(c, m1);
    f = lower(g, m1);
    d = lower(a, m0);
    h = lower(e, m0);
    a = nextA;
    e = nextE;
    c = nextC;
    g = nextG;
  }
  lastRound(key, a, b, c, d, target);
  lastRound(key, e, f, g, h, target + 8);
  lastPairRound(key, w, x, y, z, pair.target);
  lastPairRound(key, s, t, u, v, pair.target + 1);
}

static inline D bounded(D x) { return _mm_max_pd(x, both(-690.0)); }
static inline D wholeSteps(D x) { return _mm_add_pd(_mm_mul_pd(x, both(expStepsPerUnit)), both(6755399441055744.0)); }

static inline D expOf(D x, D steps, std::uint32_t left, std::uint32_t right) {
  const V entries = _mm_set_epi64x(static_cast<long long>(expTable[right & 255]), static_cast<long long>(expTable[left & 255]));
  const D scale = _mm_castsi128_pd(_mm_add_epi64(entries, _mm_slli_epi64(_mm_castpd_si128(steps), 44)));
  const D k = _mm_sub_pd(steps, both(6755399441055744.0));
  const D r = _mm_sub_pd(_mm_sub_pd(x, _mm_mul_pd(k, both(expStepHigh))), _mm_mul_pd(k, both(expStepLow)));
  const D square = _mm_mul_pd(r, r);
  const D high = _mm_add_pd(both(expC3), _mm_mul_pd(r, both(expC4)));
  const D rest = _mm_add_pd(r, _mm_mul_pd(square, _mm_add_pd(both(expC2), _mm_mul_pd(r, high))));
  return _mm_add_pd(scale, _mm_mul_pd(scale, rest));
}

static inline D exp(D argument) {
  const D x = bounded(argument), steps = wholeSteps(x);
  const V whole = _mm_castpd_si128(steps);
  return expOf(x, steps, _mm_cvtsi128_si32(whole), _mm_extract_epi32(whole, 2));
}

static inline D inSegments(D t, const double* l, const double* r) {
  const D l0 = _mm_loadu_pd(l), l1 = _mm_loadu_pd(l + 2), l2 = _mm_loadu_pd(l + 4);
  const D r0 = _mm_loadu_pd(r), r1 = _mm_loadu_pd(r + 2), r2 = _mm_loadu_pd(r + 4);
  D sum = _mm_unpackhi_pd(l2, r2);
  sum = _mm_add_pd(_mm_mul_pd(sum, t), _mm_unpacklo_pd(l2, r2));
  sum = _mm_add_pd(_mm_mul_pd(sum, t), _mm_unpackhi_pd(l1, r1));
  sum = _mm_add_pd(_mm_mul_pd(sum, t), _mm_unpacklo_pd(l1, r1));
  sum = _mm_add_pd(_mm_mul_pd(sum, t), _mm_unpackhi_pd(l0, r0));
  return _mm_add_pd(_mm_mul_pd(sum, t), _mm_unpacklo_pd(l0, r0));
}

static inline D local(V tail) {
  const V mantissa = _mm_or_si128(_mm_and_si128(tail, bits(0x00003fffffffffffull)), bits(0x3fffc00000000000ull));
  return _mm_sub_pd(_mm_castsi128_pd(mantissa), both(2.0));
}

static inline D log(D x) {
  const V distance = _mm_sub_epi64(_mm_castpd_si128(x), bits(0x3fe6a09e667f3bcdull));
  const V exponent = _mm_and_si128(distance, bits(0xfff0000000000000ull));
  const D f = _mm_sub_pd(_mm_castsi128_pd(_mm_sub_epi64(_mm_castpd_si128(x), exponent)), both(1.0));
  // Arithmetic shift of 64 bits by 52: the sign is in the upper word.
  const V high = _mm_shuffle_epi32(_mm_srai_epi32(exponent, 20), _MM_SHUFFLE(3, 3, 1, 1));
  const V whole = _mm_unpacklo_epi64(_mm_cvtepi32_epi64(high), _mm_cvtepi32_epi64(_mm_srli_si128(high, 8)));
  const D k = _mm_sub_pd(_mm_castsi128_pd(_mm_add_epi64(whole, bits(0x4338000000000000ull))), both(6755399441055744.0));
  const D s = _mm_div_pd(f, _mm_add_pd(both(2.0), f)), z = _mm_mul_pd(s, s), w = _mm_mul_pd(z, z);
  D odd = _mm_add_pd(both(2.222219843214978396e-1), _mm_mul_pd(w, both(1.531383769920937332e-1)));
  odd = _mm_mul_pd(w, _mm_add_pd(both(3.999999999940941908e-1), _mm_mul_pd(w, odd)));
  D even = _mm_add_pd(both(1.818357216161805012e-1), _mm_mul_pd(w, both(1.479819860511658591e-1)));
  even = _mm_add_pd(both(2.857142874366239149e-1), _mm_mul_pd(w, even));
  even = _mm_mul_pd(z, _mm_add_pd(both(6.666666666666735130e-1), _mm_mul_pd(w, even)));
  const D half = _mm_mul_pd(_mm_mul_pd(both(0.5), f), f);
  const D inner = _mm_add_pd(_mm_mul_pd(s, _mm_add_pd(half, _mm_add_pd(odd, even))), _mm_mul_pd(k, both(1.90821492927058770002e-10)));
  return _mm_sub_pd(_mm_mul_pd(k, both(6.93147180369123816490e-1)), _mm_sub_pd(_mm_sub_pd(half, inner), f));
}

static D farTail(D tail) {
  const D start = both(0.0009765625);
  const D square = _mm_mul_pd(both(-2.0), log(_mm_mul_pd(_mm_min_pd(tail, start), both(0.5))));
  const D y = _mm_sub_pd(log(square), both(tailMiddle));
  D sum = both(tailC[14]);
  for (int i = 13; i >= 0; i--) sum = _mm_add_pd(_mm_mul_pd(sum, y), both(tailC[i]));
  return _mm_mul_pd(_mm_sqrt_pd(square), sum);
}

static inline D uniformTail(V random) {
  const D above = _mm_castsi128_pd(_mm_or_si128(_mm_srli_epi64(random, 12), bits(0x3ff0000000000000ull)));
  return _mm_sub_pd(above, both(0.99999999999999988898));
}

static inline D withSign(D magnitude, V random) {
  return _mm_castsi128_pd(_mm_xor_si128(_mm_castpd_si128(magnitude), _mm_slli_epi64(random, 63)));
}

/** Place of each tail in its segment, its row of the table, and rows of which only the constant term, |z| of a rare tail, is not 0. */
struct Located {
  alignas(64) double places[512];
  alignas(64) std::uint64_t rows[512];
  alignas(64) double rareRows[512 * 6];
};
static Located located;

__attribute__((noinline)) static void replaceRows(const std::uint64_t* source, const std::uint32_t* groups, unsigned rare) {
  double* row = located.rareRows;
  for (unsigned i = 0; i < rare; i++) {
    for (unsigned at = groups[i]; at < groups[i] + 4; at += 2) {
      const D tail = uniformTail(_mm_load_si128(reinterpret_cast<const V*>(source + at)));
      const int below = _mm_movemask_pd(_mm_cmplt_pd(tail, both(0.0009765625)));
      if (below == 0) continue;
      alignas(16) double z[2];
      _mm_store_pd(z, farTail(tail));
      for (unsigned lane = 0; lane < 2; lane++) {
        if ((below >> lane & 1) == 0) continue;
        *row = z[lane];
        located.rows[at + lane] = reinterpret_cast<std::uint64_t>(row);
        row += 6;
      }
    }
  }
}

static void normals(const std::uint64_t* source, double* target, unsigned groups) {
  static std::uint32_t rareGroups[129];
  const D start = both(0.0009765625);
  const V size = bits(48), first = bits(reinterpret_cast<std::uint64_t>(normalTable) - 0xfd40 * 48);
  const auto row = [&](D tail) {
    return _mm_add_epi64(_mm_mul_epu32(_mm_srli_epi64(_mm_castpd_si128(_mm_max_pd(tail, start)), 46), size), first);
  };
  unsigned rare = 0;
  for (unsigned at = 0; at < 4 * groups; at += 4) {
    const D tailA = uniformTail(_mm_load_si128(reinterpret_cast<const V*>(source + at)));
    const D tailB = uniformTail(_mm_load_si128(reinterpret_cast<const V*>(source + at + 2)));
    rareGroups[rare] = at;
    rare += _mm_movemask_pd(_mm_cmplt_pd(_mm_min_pd(tailA, tailB), start)) != 0;
    _mm_store_si128(reinterpret_cast<V*>(located.rows + at), row(tailA));
    _mm_store_si128(reinterpret_cast<V*>(located.rows + at + 2), row(tailB));
    _mm_store_pd(located.places + at, local(_mm_castpd_si128(tailA)));
    _mm_store_pd(located.places + at + 2, local(_mm_castpd_si128(tailB)));
  }
  if (rare > 0) replaceRows(source, rareGroups, rare);
  for (unsigned at = 0; at < 4 * groups; at += 2) {
    const auto* left = reinterpret_cast<const double*>(located.rows[at]);
    const auto* right = reinterpret_cast<const double*>(located.rows[at + 1]);
    const V random = _mm_load_si128(reinterpret_cast<const V*>(source + at));
    _mm_store_pd(target + at, withSign(inSegments(_mm_load_pd(located.places + at), left, right), random));
  }
}

static inline double lanes(D x) { return _mm_cvtsd_f64(x) + _mm_cvtsd_f64(_mm_unpackhi_pd(x, x)); }

static Answer european(std::uint64_t first, std::uint64_t count, const Option& o) {
  constexpr std::uint64_t chunk = 512;
  alignas(64) static std::uint64_t buffer[chunk];
  alignas(64) static double values[chunk];
  const Keys key(o.seed);
  const D spot = both(o.spot), strike = both(o.strike), drift = both(o.drift()), deviation = both(o.deviation());
  double shift = 0, sum = 0, squares = 0;
  for (std::uint64_t start = first; start < first + count; start += chunk) {
    const std::uint64_t base = start / 2;
    const V a1 = _mm_xor_si128(_mm_set1_epi32(static_cast<int>(base >> 32)), key.k0[0]);
    const V c2 = _mm_xor_si128(upper(a1, m0), key.k1[1]), d2 = lower(a1, m0);
    unsigned pair = chunk / 2 - 2;
    for (std::uint64_t path = 0; path < 16 * ((chunk / 2 + 9) / 10); path += 16, pair -= 2) {
      const V path0 = _mm_add_epi32(_mm_set1_epi32(static_cast<int>(base + path / 2)), _mm_setr_epi32(0, 1, 2, 3));
      const V path4 = _mm_add_epi32(path0, _mm_set1_epi32(4));
      const V c1 = _mm_xor_si128(upper(path0, m0), key.k1[0]), g1 = _mm_xor_si128(upper(path4, m0), key.k1[0]);
      philoxFrom2(key, _mm_xor_si128(key.k0[1], upper(c1, m1)), lower(c1, m1), _mm_xor_si128(c2, lower(path0, m0)), d2,
                  _mm_xor_si128(key.k0[1], upper(g1, m1)), lower(g1, m1), _mm_xor_si128(c2, lower(path4, m0)), d2,
                  buffer + path,
                  {static_cast<std::uint32_t>(base) + pair, static_cast<std::uint32_t>(base >> 32), 0,
                   buffer + 8 * (pair / 4) + (pair & 3)});
    }
    normals(buffer, values, chunk / 4);
    double* payOffs = values;
    for (std::uint64_t path = 0; path < chunk; path += 2) {
      const D x = bounded(_mm_add_pd(drift, _mm_mul_pd(deviation, _mm_load_pd(values + path))));
      _mm_store_pd(values + path, x);
      _mm_store_pd(reinterpret_cast<double*>(buffer + path), wholeSteps(x));
    }
    for (std::uint64_t path = 0; path < chunk; path += 2) {
      const D steps = _mm_load_pd(reinterpret_cast<double*>(buffer + path));
      const D growth = expOf(_mm_load_pd(values + path), steps, buffer[path] & 0xffffffffu, buffer[path + 1] & 0xffffffffu);
      _mm_store_pd(payOffs + path, _mm_max_pd(_mm_setzero_pd(), _mm_sub_pd(_mm_mul_pd(spot, growth), strike)));
    }
    if (start == first) {
      for (std::uint64_t i = 0; i < chunk; i++) shift += payOffs[i] - payOffs[0];
      shift = payOffs[0] + shift / chunk;
    }
    D sums = _mm_setzero_pd(), square = _mm_setzero_pd();
    for (std::uint64_t path = 0; path < chunk; path += 2) {
      const D distance = _mm_sub_pd(_mm_load_pd(payOffs + path), both(shift));
      sums = _mm_add_pd(sums, distance);
      square = _mm_add_pd(square, _mm_mul_pd(distance, distance));
    }
    sum += lanes(sums);
    squares += lanes(square);
  }
  return o.answer(shift + sum / static_cast<double>(count), squares - sum * sum / static_cast<double>(count), count);
}

static Answer asian(std::uint64_t first, std::uint64_t count, const Option& o) {
  constexpr unsigned chunkDraws = 64;
  alignas(64) static std::uint64_t buffer[chunkDraws * 8];
  alignas(64) static double values[chunkDraws * 8];
  const Keys key(o.seed);
  const D drift = both(o.drift() / o.steps), deviation = both(o.deviation() / std::sqrt(double(o.steps)));
  const double weight = 1.0 / o.steps;
  double sum = 0, squares = 0, controls = 0, products = 0;
  for (std::uint64_t path = first; path < first + count; path += 4) {
    const V path0 = _mm_add_epi32(_mm_set1_epi32(static_cast<int>(path)), _mm_setr_epi32(0, 1, 2, 3));
    const V path1 = _mm_set1_epi32(static_cast<int>(path >> 32));
    const V a1 = _mm_xor_si128(path1, key.k0[0]), c1 = _mm_xor_si128(upper(path0, m0), key.k1[0]), a2 = key.k0[1];
    const V c2 = _mm_xor_si128(_mm_xor_si128(upper(a1, m0), lower(path0, m0)), key.k1[1]), d2 = lower(a1, m0);
    D log0 = _mm_setzero_pd(), log1 = log0, logSum0 = log0, logSum1 = log0, sum0 = log0, sum1 = log0;
    for (unsigned draw = 0; draw * 2 < o.steps; draw += chunkDraws) {
      const unsigned here = std::min(o.steps - draw * 2, chunkDraws * 2);
      const unsigned draws = (here + 1) / 2;
      unsigned pair = 4 * draws - 2;
      for (unsigned i = 0; i < 2 * ((4 * draws + 9) / 10); i += 2, pair -= 2) {
        const V varyingC = _mm_xor_si128(c1, _mm_set1_epi32(static_cast<int>(draw + i)));
        const V varyingG = _mm_xor_si128(c1, _mm_set1_epi32(static_cast<int>(draw + i + 1)));
        philoxFrom2(key, _mm_xor_si128(a2, upper(varyingC, m1)), lower(varyingC, m1), c2, d2,
                    _mm_xor_si128(a2, upper(varyingG, m1)), lower(varyingG, m1), c2, d2, buffer + 8 * i,
                    {static_cast<std::uint32_t>(path) + (pair & 3), static_cast<std::uint32_t>(path >> 32), draw + pair / 4,
                     buffer + 8 * (pair / 4) + (pair & 3)});
      }
      normals(buffer, values, here);
      double* whole = reinterpret_cast<double*>(buffer);
      for (unsigned at = 0; at < 4 * here; at += 4) {
        log0 = _mm_add_pd(log0, _mm_add_pd(drift, _mm_mul_pd(deviation, _mm_load_pd(values + at))));
        log1 = _mm_add_pd(log1, _mm_add_pd(drift, _mm_mul_pd(deviation, _mm_load_pd(values + at + 2))));
        logSum0 = _mm_add_pd(logSum0, log0);
        logSum1 = _mm_add_pd(logSum1, log1);
        const D x0 = bounded(log0), x1 = bounded(log1);
        _mm_store_pd(values + at, x0);
        _mm_store_pd(values + at + 2, x1);
        _mm_store_pd(whole + at, wholeSteps(x0));
        _mm_store_pd(whole + at + 2, wholeSteps(x1));
      }
      for (unsigned at = 0; at < 4 * here; at += 4) {
        const auto low = [&](unsigned i) { return static_cast<std::uint32_t>(buffer[at + i]); };
        sum0 = _mm_add_pd(sum0, expOf(_mm_load_pd(values + at), _mm_load_pd(whole + at), low(0), low(1)));
        sum1 = _mm_add_pd(sum1, expOf(_mm_load_pd(values + at + 2), _mm_load_pd(whole + at + 2), low(2), low(3)));
      }
    }
    const D w = both(weight);
    const auto payOff = [&](D growth) {
      return _mm_max_pd(_mm_setzero_pd(), _mm_sub_pd(_mm_mul_pd(both(o.spot), growth), both(o.strike)));
    };
    const D a[2] = {payOff(_mm_mul_pd(sum0, w)), payOff(_mm_mul_pd(sum1, w))};
    const D g[2] = {payOff(exp(_mm_mul_pd(logSum0, w))), payOff(exp(_mm_mul_pd(logSum1, w)))};
    for (int i = 0; i < 2; i++) {
      sum += lanes(a[i]);
      squares += lanes(_mm_mul_pd(a[i], a[i]));
      controls += lanes(g[i]);
      products += lanes(_mm_mul_pd(a[i], g[i]));
    }
  }
  o.sink = controls + products;
  return o.answer(sum / static_cast<double>(count), squares - sum * sum / static_cast<double>(count), count);
}

}  // namespace same
