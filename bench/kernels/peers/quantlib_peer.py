"""QuantLib's own Monte Carlo engines, pseudo-random numbers, without antithetic or control variates."""

import sys
import time

import QuantLib as ql

SPOT, STRIKE, RATE, VOLATILITY, STEPS = 100.0, 100.0, 0.05, 0.2, 252
today = ql.Date(1, 1, 2025)
ql.Settings.instance().evaluationDate = today
count = ql.Actual365Fixed()
rate = ql.YieldTermStructureHandle(ql.FlatForward(today, RATE, count))
volatility = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), VOLATILITY, count))
process = ql.BlackScholesProcess(ql.QuoteHandle(ql.SimpleQuote(SPOT)), rate, volatility)
maturity = today + 365
pay_off = ql.PlainVanillaPayoff(ql.Option.Call, STRIKE)


def european(paths, seed):
    option = ql.VanillaOption(pay_off, ql.EuropeanExercise(maturity))
    option.setPricingEngine(ql.MCEuropeanEngine(process, "pseudorandom", timeSteps=1, requiredSamples=paths, seed=seed))
    return option


def asian(paths, seed):
    # 252 dates, as evenly as whole days allow.
    dates = [today + round(365 * (i + 1) / STEPS) for i in range(STEPS)]
    option = ql.DiscreteAveragingAsianOption(ql.Average.Arithmetic, 0.0, 0, dates, pay_off, ql.EuropeanExercise(maturity))
    engine = ql.MCDiscreteArithmeticAPEngine(process, "pseudorandom", requiredSamples=paths, seed=seed)
    option.setPricingEngine(engine)
    return option


for round_, line in enumerate(sys.stdin):
    task, _, paths = line.split()
    start = time.process_time()
    option = (asian if task == "asian" else european)(int(paths), round_ + 1)
    price = option.NPV()
    print(f"{time.process_time() - start:.9f} {price!r} {option.errorEstimate()!r}", flush=True)
