// Thresholds of rate-limiter.js, with their reasons. A cell is {algorithm, pattern, users}, and what its pattern needs besides.

export const tagsOf = ({ algorithm, pattern }) => ({ algorithm, pattern });

const inCell = (metric, { algorithm, pattern }) => `${metric}{algorithm:${algorithm},pattern:${pattern}}`;

/** Goals of one cell; `scenario` is its name, and `stallMs` what the plan of arrivals leaves an answer. */
export const goalsOf = (cell, { scenario, stallMs }) => {
  const of = { arrival: ofArrival, crowd: ofCrowd, held: ofHeld }[cell.pattern] ?? ofJudged;
  return of(cell, scenario, stallMs);
};

/** One virtual user sees all requests of a key. */
const ofJudged = (cell) => ({
  [inCell('limiter_admitted_over_bound', cell)]: [
    [
      'count==0',
      'The limit is a promise to what lies behind it: no order of decisions within the times seen allows one request more.',
    ],
  ],
  [inCell('limiter_admitted_under_bound', cell)]: [
    ['count==0', 'The limit is a promise to the user too: all of it can be used, whichever replica is asked.'],
  ],
  [inCell('limiter_wrongly_refused', cell)]: [
    ['count==0', 'Each single refusal came while the budget was used up; a refused request costs nothing.'],
  ],
  [inCell('limiter_users_judged', cell)]: everyone(cell),
  [inCell('limiter_admitted', cell)]: [['count>0', 'Something was admitted, so the bounds were of something.']],
  [inCell('limiter_lower_bound', cell)]: [['count>0', 'A lower bound of 0 would hold whatever happens.']],
  [inCell('limiter_upper_bound', cell)]: [['count>0', 'As for the lower one; and the report shows both.']],
  [inCell('limiter_refused', cell)]: [['count>0', 'Something was refused, so the limit was reached.']],
});

const everyone = ({ users }) => [
  [`count==${users}`, 'Every user was judged: a user whose script broke off proves nothing.'],
];

const noneDropped = (scenario) => ({
  [`dropped_iterations{scenario:${scenario}}`]: [
    ['count==0', 'k6 sent each request that was due: a load that was not offered cannot be refused.'],
  ],
});

const ofArrival = (cell, scenario, stallMs) => ({
  [inCell('limiter_admitted_in_time', cell)]: [[`count<=${cell.bounds.upper}`, mostBecause[cell.algorithm]]],
  [inCell('limiter_admitted', cell)]: [
    [
      `count>=${cell.bounds.lower}`,
      'More than the limit was asked for all the time, so all of it was to be had, but for what passes while no request is there to take it.',
    ],
  ],
  [inCell('limiter_refused', cell)]: [['count>0', 'Something was refused, so the limit was reached.']],
  [inCell('limiter_late', cell)]: [
    [`max<${stallMs}`, 'The lower bound is of requests that came when they were due, or little later (LOAD_STALL).'],
  ],
  ...noneDropped(scenario),
});

/** Why nothing more can be right within the stretch; arrivals.js derives the numbers. */
const mostBecause = {
  'token-bucket': 'A full bucket, and what flows into it while the stretch lasts.',
  'leaky-bucket': 'One request, and what flows out of the bucket while the stretch lasts.',
  'sliding-log': 'The limit in any window, and so many of them begun within the stretch.',
  'sliding-counter':
    'The limit in each window; in the last a quarter less, for which what the one before admitted still counts.',
  'fixed-window': 'The limit in each of the windows that the stretch touches.',
};

const ofCrowd = (cell, scenario) => ({
  [inCell('limiter_refused', cell)]: [
    ['count==0', 'Everybody stays below the limit: whoever else comes must not cost them anything.'],
  ],
  [inCell('limiter_admitted', cell)]: [
    [`count>=${3 * cell.users}`, 'Each user came three times at least, or nobody was near enough to anybody.'],
  ],
  [inCell('limiter_users_judged', cell)]: everyone(cell),
  ...noneDropped(scenario),
});

const ofHeld = (cell) => ({
  [inCell('limiter_admitted_over_bound', cell)]: [
    ['count==0', 'So many at a time: more streams were never surely open at once, over all replicas.'],
  ],
  [inCell('limiter_wrongly_refused', cell)]: [
    [
      'count==0',
      'Each refusal came while all places may have been taken: one that is not given back when its request ends would refuse later ones.',
    ],
  ],
  [inCell('limiter_admitted', cell)]: [
    [
      `count==${cell.admissions}`,
      'Each round takes all places, as more come at once than there are; so they were all free again, no more and no less.',
    ],
  ],
  [inCell('limiter_refused', cell)]: [['count>0', 'Something was refused, so the limit was reached.']],
  [inCell('limiter_users_judged', cell)]: everyone(cell),
});

/** Goals of all cells together. */
export const commonGoals = (latencyP95Ms, withSteady) => ({
  limiter_refused_by_others: [
    [
      'count==0',
      'A refusal by another policy hides what this one would have said: raise it by LOAD_RAISE_LIMITS, or ask less.',
    ],
  ],
  limiter_errors: [
    [
      'count==0',
      'An answer other than admitted or refused leaves the count uncertain, and a limiter must not break what it guards.',
    ],
  ],
  limiter_malformed_refusals: [
    ['count==0', 'A client can only wait as told by Retry-After (RFC 9110 §10.2.3), so every refusal has it.'],
  ],
  ...(withSteady ? latency(latencyP95Ms) : {}),
});

const latency = (p95Ms) => ({
  'limiter_answer{outcome:admitted,pattern:steady}': [
    [
      `p(95)<${p95Ms}`,
      'The endpoints take milliseconds; beyond this the machine is too busy for bounds that say much.',
    ],
  ],
  'limiter_answer{outcome:refused,pattern:steady}': [
    [`p(95)<${p95Ms}`, 'A refusal does less than any work it spares, so it is no slower than an answer may be.'],
  ],
});
