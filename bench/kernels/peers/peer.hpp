// What every C++ peer shares: the option that is priced and the protocol of the benchmark.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>

struct Answer {
  double price, standardError;
};

struct Option {
  std::uint64_t seed = 42;
  double spot = 100, strike = 100, rate = 0.05, volatility = 0.2, maturity = 1;
  unsigned steps = 252;
  /** Keeps the compiler from dropping sums that the answer does not show. */
  mutable volatile double sink = 0;
  double drift() const { return (rate - volatility * volatility / 2) * maturity; }
  double deviation() const { return volatility * std::sqrt(maturity); }
  Answer answer(double mean, double m2, std::uint64_t paths) const {
    const double discount = std::exp(-rate * maturity), n = static_cast<double>(paths);
    return {discount * mean, discount * std::sqrt(m2 / (n - 1) / n)};
  }
};

/** Processor time of this process in seconds: what others do on the machine counts less than on a clock on the wall. */
static inline double now() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/** Reads lines "<european|asian> <first> <paths>" and answers each with "<seconds> <price> <standard error>". */
template <typename European, typename Asian>
int serve(European european, Asian asian) {
  char task[16];
  unsigned long long first, paths;
  const Option option;
  while (std::scanf("%15s %llu %llu", task, &first, &paths) == 3) {
    const double start = now();
    const Answer answer = std::strcmp(task, "asian") == 0 ? asian(first, paths, option) : european(first, paths, option);
    const double seconds = now() - start;
    std::printf("%.9f %.17g %.17g\n", seconds, answer.price, answer.standardError);
    std::fflush(stdout);
  }
  return 0;
}
