"""Writes tables.json: exact values of the numerics' functions, as pairs of doubles (high, low) with value = high + low.

Run: pip install mpmath==1.3.0 && python packages/domain/test/numerics/make-tables.py
"""

import json
import os
import random

from mpmath import erfc, erfinv, exp, findroot, gamma, inf, log, mp, mpf, ncdf, quad, sqrt, pi

mp.dps = 60
draw = random.Random(20261122)


def pair(value):
    high = float(value)
    return [high, float(value - mpf(high))]


def rows(function, points):
    return [[x, *pair(function(mpf(x)))] for x in points]


def lower_quantile(p):
    start = -sqrt(-2 * log(p)) if p < 0.1 else -sqrt(mpf(2)) * erfinv(1 - 2 * p)
    return findroot(lambda x: log(ncdf(x)) - log(p), start) if p != 0.5 else mpf(0)


def student_upper_tail(t, degrees):
    density = lambda x: gamma((degrees + 1) / mpf(2)) / (sqrt(degrees * pi) * gamma(degrees / mpf(2))) * (1 + x * x / degrees) ** (-(degrees + 1) / mpf(2))
    return quad(density, [t, t + 2, t + 8, t + 40, inf])


def student_quantile(tail, degrees):
    start = -lower_quantile(mpf(tail)) * (1 + mpf(4) / degrees)
    return findroot(lambda t: log(student_upper_tail(t, degrees)) - log(mpf(tail)), start)


def spread(count, low, high):
    return sorted(draw.uniform(low, high) for _ in range(count))


def magnitudes(count, low, high):
    return sorted(draw.uniform(1, 10) * 10.0 ** draw.randint(low, high) for _ in range(count))


tables = {
    "exp": rows(exp, [-708.3, -1.0, -1e-9, 0.0, 1e-20, 0.34657, 0.34658, 1.0, 709.7] + spread(60, -700, 700) + spread(60, -2, 2)),
    "log": rows(log, [5e-324, 2.2250738585072014e-308, 0.5, 0.7071067811865475, 0.7071067811865476, 1 - 2**-53, 1 + 2**-52, 1.4142135623730951, 2.0, 1.7976931348623157e308] + magnitudes(60, -300, 300) + spread(60, 0.5, 2)),
    "erfc": rows(erfc, [-6.0, -1.0, -0.1, 0.0, 1e-10, 0.5, 0.999999, 1.0, 2.0, 6.0, 26.0] + spread(50, -3, 3) + spread(40, 0, 26)),
    "normalCdf": rows(ncdf, [-37.0, -8.0, -1.96, -1.0, 0.0, 1.0, 1.96, 8.0] + spread(50, -8, 8)),
    "normalQuantile": rows(lower_quantile, [1e-300, 1e-100, 1e-15, 1e-9, 1e-5, 0.005, 0.025, 0.1, 0.3, 0.5] + magnitudes(40, -18, -3) + spread(20, 0, 0.5)),
    "studentUpperQuantile": [[tail, degrees, float(student_quantile(tail, degrees))] for degrees in (10, 15, 20, 40, 99, 1000) for tail in (0.4, 0.025, 1e-3, 1e-4, 1e-5, 1e-7)],
}
with open(os.path.join(os.path.dirname(__file__), "tables.json"), "w") as file:
    lines = ",\n".join(f'  "{name}": [\n' + ",\n".join("    " + json.dumps(row) for row in table) + "\n  ]" for name, table in tables.items())
    file.write("{\n" + lines + "\n}\n")
