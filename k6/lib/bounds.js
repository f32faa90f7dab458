// How many requests a policy may and must admit, from what a client saw: when each request left, when its answer came, whether it was admitted.
// The store decided somewhere in between, so a fault is only what no order of decisions within these times explains. No clock and no I/O.
//
// A policy here: {algorithm, limit, windowMs, burst}. A trace: [{sent, received, admitted}], milliseconds of one clock, of one key that was unused
// before; `admitted` is null where the answer never came, which counts as either.

/**
 * Milliseconds that two readings of clocks can differ by rounding alone: the store's and ours are both cut off to the millisecond, at either end of a
 * span.
 */
const roundingMs = 2;
/** Rounding of sums of fractions, far below one request. */
const epsilon = 1e-9;

/**
 * Throws for a policy that has no bound here. `skewMs`: how far the store's clock may be from this one; only algorithms whose windows begin
 * at fixed times (fixed-window, sliding-counter) depend on it.
 */
export const judge = (policy, trace, skewMs = 0) => {
  const judged = judges[policy.algorithm];
  if (judged === undefined) throw new Error(`no bound is known for ${policy.algorithm}`);
  const widened = widen(trace, judged.aligned ? skewMs : 0);
  const { lower, upper } = judged.count(policy, widened);
  const admitted = widened.filter(isAdmitted).length;
  return {
    admitted,
    refused: widened.filter(isRefused).length,
    lower,
    upper,
    /** Admitted beyond what any order of decisions allows. */
    over: Math.max(0, admitted - upper, judged.excess(policy, widened)),
    under: Math.max(0, lower - widened.filter(mayBeAdmitted).length),
    /** Single refusals while there must have been room. */
    wronglyRefused: widened.filter((one) => isRefused(one) && judged.hadRoom(policy, widened, one)).length,
  };
};

const isAdmitted = ({ admitted }) => admitted === true;
const isRefused = ({ admitted }) => admitted === false;
const mayBeAdmitted = ({ admitted }) => admitted !== false;

/** Decided at or after `from` and at or before `to`, sorted by the earliest time of decision. */
const widen = (trace, skewMs) => {
  const slack = roundingMs / 2 + skewMs;
  return trace
    .map(({ sent, received, admitted }) => ({ from: sent - slack, to: received + slack, admitted }))
    .sort((a, b) => a.from - b.from);
};

const spanOf = (trace) => ({
  start: Math.min(...trace.map(({ from }) => from)),
  startAtMost: Math.min(...trace.map(({ to }) => to)),
  end: Math.max(...trace.map(({ to }) => to)),
});

/**
 * The most that were certainly admitted beyond `bound(span)` in any span of time: for every pair of requests, what was sent after the first and
 * answered before the second was decided in between.
 */
const worstSpan = (trace, bound) => {
  const admitted = trace.filter(isAdmitted);
  const starts = [...new Set(admitted.map(({ from }) => from))];
  let worst = 0;
  for (const start of starts) {
    const ends = admitted.filter(({ from }) => from >= start).map(({ to }) => to);
    ends.sort((a, b) => a - b);
    ends.forEach((end, index) => {
      worst = Math.max(worst, index + 1 - bound(end - start));
    });
  }
  return worst;
};

/** Token bucket, and GCRA, which is one as a meter: at most burst + limit · t ÷ window in any time t. */
const bucket = {
  aligned: false,
  count(policy, trace) {
    const { burst, rate } = paceOf(policy);
    const { start, end } = spanOf(trace);
    return {
      lower: bucketLower(policy, trace),
      upper: Math.min(trace.length, Math.floor(burst + rate * (end - start) + epsilon)),
    };
  },
  excess(policy, trace) {
    const { burst, rate } = paceOf(policy);
    return worstSpan(trace, (span) => Math.floor(burst + rate * span + epsilon));
  },
  hadRoom(policy, trace, one) {
    const { burst, rate } = paceOf(policy);
    const possible = trace.filter((other) => mayBeAdmitted(other) && other.from <= one.to).sort((a, b) => b.to - a.to);
    let used = 0;
    possible.forEach(({ to }, index) => {
      used = Math.max(used, index + 1 - rate * Math.max(0, one.from - to));
    });
    return used + 1 <= burst;
  },
};

const paceOf = ({ algorithm, limit, windowMs, burst }) => ({
  rate: limit / windowMs,
  burst: burst ?? (algorithm === 'leaky-bucket' ? 1 : limit),
});

/**
 * All were admitted before the first refusal, `burst` at least, and all after the last one. Then the bucket held less than one token, and at the last refusal again: what flowed in
 * between was taken out, all of it when requests never left it time to fill up.
 */
const bucketLower = (policy, trace) => {
  const { burst, rate } = paceOf(policy);
  const refused = trace.filter(isRefused);
  if (refused.length === 0) return trace.filter(isAdmitted).length;
  const [first] = refused;
  const last = refused[refused.length - 1];
  const before = Math.max(leastAbove(burst - 1), decidedBefore(trace, first.from));
  const span = Math.max(0, last.from - first.to);
  const all = rate * longestGap(trace, first, last) <= burst - 1 ? Math.floor(rate * span - epsilon) : 0;
  return before + Math.max(all, oneByOne(trace, 1 / rate, first.to, last.from)) + decidedAfter(trace, last.to);
};

/** Requests that were surely decided before a time. */
const decidedBefore = (trace, time) => trace.filter(({ admitted, to }) => admitted !== null && to <= time).length;

/** Those that were surely decided after it. */
const decidedAfter = (trace, time) => trace.filter(({ admitted, from }) => admitted !== null && from >= time).length;

/** The longest time between two refusals in which no request was surely decided. */
const longestGap = (trace, first, last) => {
  const known = trace.filter(({ from, admitted }) => admitted !== null && from >= first.from && from <= last.from);
  const gaps = known.slice(1).map(({ to }, index) => to - known[index].from);
  return Math.max(0, ...gaps);
};

/** Admissions of whoever comes first after each token: a token is there `tokenMs` after the last one was taken at the latest. */
const oneByOne = (trace, tokenMs, start, end) => {
  let admitted = 0;
  let time = start;
  for (;;) {
    const next = Math.min(
      ...trace.filter((one) => one.admitted !== null && one.from >= time + tokenMs).map(({ to }) => to),
    );
    if (next > end) return admitted;
    admitted += 1;
    time = next;
  }
};

const log = {
  aligned: false,
  /** Every window admits `limit` at most, and one that ends with a refusal admitted exactly that. */
  count({ limit, windowMs }, trace) {
    const { start, end } = spanOf(trace);
    const upper = limit * (Math.floor((end - start) / windowMs) + 1);
    const refused = trace.filter(isRefused).sort((a, b) => b.from - a.from);
    if (refused.length === 0) return { lower: trace.filter(isAdmitted).length, upper: Math.min(upper, trace.length) };
    let full = 0;
    let before = Infinity;
    for (const { from, to } of refused) {
      if (to > before) continue;
      full += 1;
      before = from - windowMs;
    }
    // What came before the first refusal was admitted, all of it, and so was what came after the last.
    const first = decidedBefore(trace, Math.min(before, refused[refused.length - 1].from));
    const rest = decidedAfter(trace, Math.max(...refused.map(({ to }) => to)));
    return { lower: full * limit + first + rest, upper: Math.min(upper, trace.length) };
  },
  excess({ limit, windowMs }, trace) {
    return worstSpan(trace, (span) => limit * (Math.floor(span / windowMs) + 1));
  },
  hadRoom({ limit, windowMs }, trace, one) {
    const possible = trace.filter(
      (other) => mayBeAdmitted(other) && other.from <= one.to && other.to >= one.from - windowMs,
    );
    return possible.length + 1 <= limit;
  },
};

/** The windows that a time may lie in and those that it surely lies in: one, or none. */
const windowsOf = ({ windowMs }, { from, to }) => {
  const [first, last] = [Math.floor(from / windowMs), Math.floor(to / windowMs)];
  const possible = [];
  for (let window = first; window <= last; window += 1) possible.push(window);
  return { possible, certain: first === last ? first : null };
};

const inWindows = (policy, trace) => trace.map((one) => ({ ...one, ...windowsOf(policy, one) }));

const touched = (placed) => [...new Set(placed.flatMap(({ possible }) => possible))].sort((a, b) => a - b);

/** Whether a refusal may lie in a window; where none does, all that came was admitted. */
const mayRefuse = (placed, window) => placed.some((one) => isRefused(one) && one.possible.includes(window));

/** Surely, and possibly, admitted in a window. */
const certainIn = (placed, window) => placed.filter((one) => isAdmitted(one) && one.certain === window);
const possibleIn = (placed, window) => placed.filter((one) => mayBeAdmitted(one) && one.possible.includes(window));

const fixed = {
  aligned: true,
  /** `limit` in each window; exactly that in one that refused. */
  count(policy, trace) {
    const placed = inWindows(policy, trace);
    const windows = touched(placed);
    if (!placed.some(isRefused)) {
      const admitted = placed.filter(isAdmitted).length;
      return { lower: admitted, upper: Math.min(trace.length, policy.limit * windows.length) };
    }
    const mostIn = (window) =>
      Math.min(policy.limit, placed.filter(({ possible }) => possible.includes(window)).length);
    const leastIn = (window) => {
      if (!mayRefuse(placed, window)) return certainIn(placed, window).length;
      return placed.some((one) => isRefused(one) && one.certain === window) ? policy.limit : 0;
    };
    const most = windows.reduce((sum, window) => sum + mostIn(window), 0);
    const least = windows.reduce((sum, window) => sum + leastIn(window), 0);
    return { lower: Math.min(least, most), upper: Math.min(most, trace.length) };
  },
  excess(policy, trace) {
    const placed = inWindows(policy, trace);
    return Math.max(0, ...touched(placed).map((window) => certainIn(placed, window).length - policy.limit));
  },
  hadRoom(policy, trace, one) {
    const placed = inWindows(policy, trace);
    return windowsOf(policy, one).possible.every((window) => possibleIn(placed, window).length + 1 <= policy.limit);
  },
};

/** Two counters: the last window's, weighted by the part of it that a window which ends now still covers, and this one's. */
const counter = {
  aligned: true,
  count(policy, trace) {
    const { limit } = policy;
    const placed = inWindows(policy, trace);
    let lower = 0;
    let upper = 0;
    for (const window of touched(placed)) {
      const here = placed.filter(({ possible }) => possible.includes(window));
      const latest = Math.max(...here.map(({ to }) => to));
      const left = remainderOf(policy, window, latest);
      upper += Math.min(here.length, Math.floor(limit - certainIn(placed, window - 1).length * left + epsilon));
      lower += counterLower(policy, placed, window);
    }
    return { lower: Math.min(lower, upper), upper: Math.min(upper, trace.length) };
  },
  excess(policy, trace) {
    const placed = inWindows(policy, trace);
    return Math.max(0, ...touched(placed).map((window) => certainSurplus(policy, placed, window)));
  },
  hadRoom(policy, trace, one) {
    const placed = inWindows(policy, trace);
    return windowsOf(policy, one).possible.every((window) => {
      const here = possibleIn(placed, window).filter(({ from }) => from <= one.to).length;
      const left = remainderOf(policy, window, Math.max(one.from, window * policy.windowMs));
      return here + possibleIn(placed, window - 1).length * left + 1 <= policy.limit;
    });
  },
};

/** What a window admitted at least: all where it refused nothing, else what made its refusals right. */
const counterLower = (policy, placed, window) => {
  if (!mayRefuse(placed, window)) return certainIn(placed, window).length;
  const before = possibleIn(placed, window - 1).length;
  const refused = placed.filter((one) => isRefused(one) && one.certain === window);
  const least = refused.map(({ from }) => leastAbove(policy.limit - 1 - before * remainderOf(policy, window, from)));
  return Math.max(0, ...least);
};

/** The part of the window before that still counts at a time of this one: 1 at its start, 0 at its end. */
const remainderOf = ({ windowMs }, window, at) => Math.min(1, Math.max(0, 1 - (at - window * windowMs) / windowMs));

/** The smallest whole number above a value. */
const leastAbove = (value) => Math.floor(value + epsilon) + 1;

/** Surely admitted in a window beyond what the last of them could find free. */
const certainSurplus = (policy, placed, window) => {
  const before = certainIn(placed, window - 1).length;
  const ends = certainIn(placed, window).map(({ to }) => to);
  ends.sort((a, b) => a - b);
  const surplus = ends.map(
    (end, index) => index + 1 - Math.floor(policy.limit - before * remainderOf(policy, window, end) + epsilon),
  );
  return Math.max(0, ...surplus);
};

const judges = {
  'token-bucket': bucket,
  'leaky-bucket': bucket,
  'sliding-log': log,
  'sliding-counter': counter,
  'fixed-window': fixed,
};
