// Requests of one key at a constant rate, by whichever virtual user is free. Nobody sees all of them, so what k6 counted is held against bounds that are
// known before: of a stretch of known length that begins a quarter into a window of fixed times and ends three quarters into another. No clock and no I/O.

/** The clocks of the store and of this machine are both cut off to the millisecond, at either end of a span. */
const roundingMs = 2;
/** Of sums of fractions. */
const epsilon = 1e-9;

/**
 * How an arrival line runs: `perWindow` requests a window for `windows` − 0.5 windows. `stallMs`: how late a request may be decided after it was due;
 * `skewMs`: how far the store's clock may be from this one. Throws where the skew could put the stretch into other windows.
 */
export const planArrival = ({ limit, windowMs }, { demand, windows, stall, skewMs }) => {
  if (skewMs + roundingMs >= windowMs / 4)
    throw new Error('the window must be more than four times LOAD_CLOCK_SKEW_MS');
  const perWindow = Math.ceil(demand * limit);
  return {
    ...{ perWindow, windows, skewMs },
    stallMs: stall * windowMs,
    gapMs: windowMs / perWindow,
    lengthMs: (windows - 0.5) * windowMs,
  };
};

/** The first time from `earliest` on that is a quarter into a window. */
export const startOfArrival = (earliest, windowMs) => (Math.ceil(earliest / windowMs - 0.25) + 0.25) * windowMs;

/**
 * The most of the requests sent and answered within the stretch, and the least of all that were due in it. `policy` as in bounds.js; its key must have been
 * unused before.
 */
export const arrivalBounds = (policy, plan) => {
  const bounds = boundsOf[policy.algorithm];
  if (bounds === undefined) throw new Error(`no bound is known for ${policy.algorithm}`);
  const { lower, upper } = bounds(policy, plan);
  const due = Math.floor(plan.lengthMs / plan.gapMs);
  return { lower: Math.max(0, Math.min(due, Math.floor(lower + epsilon))), upper: Math.floor(upper + epsilon) };
};

/** Surely decided within a span of the stretch: those due before its last `stallMs`. */
const decidedIn = (spanMs, { stallMs, gapMs }) => Math.max(0, Math.floor((spanMs - stallMs) / gapMs));

/** At most burst + limit · t ÷ window; less what flows in while nobody comes at either end, and less than one that is left. */
const tokenBucket = ({ limit, windowMs, burst = limit }, { lengthMs, stallMs, gapMs }) => ({
  upper: burst + (limit * (lengthMs + roundingMs)) / windowMs,
  lower: burst + (limit * (lengthMs - 2 * (stallMs + gapMs))) / windowMs - 2,
});

/** The same; but without a burst each token waits for the next request, and what flows in meanwhile is lost. */
const leakyBucket = ({ limit, windowMs, burst = 1 }, plan) => {
  if (burst > 1) throw new Error('a leaky bucket with a burst is a token bucket here');
  const { lengthMs, stallMs, gapMs, windows } = plan;
  return {
    upper: burst + (limit * (lengthMs + roundingMs)) / windowMs,
    lower: (lengthMs - windows * stallMs - gapMs) / (windowMs / limit + gapMs),
  };
};

/**
 * The limit in each window, of which `windows` − 1 and a half lie in the stretch: the half admits all of a limit as well, when that many come in it. Going
 * back from the last refusal, window by window, each ends with a refusal and so admitted the limit; up to a stall lies between two.
 */
const slidingLog = ({ limit, windowMs }, { windows, stallMs, gapMs }) => {
  const inTheRest = Math.floor((windowMs / 2 - windows * (stallMs + gapMs)) / gapMs);
  return { upper: windows * limit, lower: (windows - 1) * limit + Math.min(limit, inTheRest) };
};

/** The limit in each of `windows` windows: three quarters of the first and of the last are more than enough to ask for it. */
const fixedWindow = ({ limit, windowMs }, plan) => {
  const atEnds = Math.min(limit, decidedIn(0.75 * windowMs - plan.skewMs - roundingMs, plan));
  const between = Math.min(limit, decidedIn(windowMs, plan));
  return { upper: plan.windows * limit, lower: 2 * atEnds + (plan.windows - 2) * between };
};

/**
 * As the fixed window; but in the last one, of which a quarter is to come, a quarter of what the one before admitted still counts. The least is what makes the
 * last refusal of each window right.
 */
const slidingCounter = ({ limit, windowMs }, plan) => {
  const { windows, skewMs, stallMs, gapMs } = plan;
  const lost = 2 + (limit * (stallMs + gapMs)) / windowMs;
  const skewed = (limit * (skewMs + roundingMs)) / windowMs;
  const first = Math.min(limit, decidedIn(0.75 * windowMs - skewMs - roundingMs, plan));
  const between = Math.max(0, Math.min(limit - lost, decidedIn(windowMs, plan)));
  const last = Math.max(0, Math.min(0.75 * limit - lost - skewed, decidedIn(0.75 * windowMs - skewMs, plan)));
  return {
    upper: (windows - 0.25) * limit + skewed,
    lower: first + (windows - 2) * Math.floor(between) + Math.floor(last),
  };
};

const boundsOf = {
  'token-bucket': tokenBucket,
  'leaky-bucket': leakyBucket,
  'sliding-log': slidingLog,
  'sliding-counter': slidingCounter,
  'fixed-window': fixedWindow,
};

/**
 * Milliseconds between two requests of a user that no algorithm may refuse: at most half a limit in a window that is longer by a stall, so that two
 * windows of a counter hold a limit together; and further apart than two tokens of a leaky bucket, even when the first is late.
 */
export const crowdGapMs = ({ limit, windowMs }, { stallMs }) => {
  const longest = windowMs + stallMs + roundingMs;
  const halfALimit = limit < 4 ? 2 * longest : (4 * longest) / limit;
  return Math.ceil(Math.max(halfALimit, windowMs / limit + stallMs + roundingMs));
};
