// Do rate limits admit exactly what they promise, over all replicas together? For each algorithm a policy is made, users come at a steady rate and all
// at once, and what was admitted is held against the bounds of the algorithm, computed from the policy as the API tells it (k6/lib/bounds.js).
//
//   SIMFLEET_URL         addresses of the platform, separated by commas: requests go to them in turn (or SIMFLEET_URLS)
//   SIMFLEET_TOKEN       an administrator's token: policies are made and removed
//   LOAD_ALGORITHMS      which, separated by commas; default all five
//   LOAD_LIMIT           requests a window of the policies made; 1 … 200, default 20
//   LOAD_WINDOW_SECONDS  their window; 1 … 60, default 4
//   LOAD_WINDOWS         how long the steady stream lasts, in windows; 1 … 100, default 2.5
//   LOAD_USERS           users for each algorithm and pattern; 1 … 1000, default 4
//   LOAD_DEMAND          rate of the steady stream, in limits a window; 1.2 … 10, default 3
//   LOAD_BURST           size of a burst, in limits; 1.2 … 10, default 3
//   LOAD_SUBMISSION      `on`: also submit jobs for a minute against the policy LOAD_SUBMISSION_POLICY; default on
//   LOAD_SUBMISSION_POLICY   default job-submission, the one that the platform ships with
//   LOAD_CLOCK_SKEW_MS   how far this machine's clock may be from that of the store (Redis); windows with fixed times depend on it; 0 … 1000, default 20
//   LOAD_LATENCY_P95_MS  threshold of a limited request; 1 … 60000, default 500
//   LOAD_RAISE_LIMITS, LOAD_FORWARDED, LOAD_REPORT   see k6/README.md
import { Counter, Trend } from 'k6/metrics';
import exec from 'k6/execution';
import { addressOf, drawFirstUser } from '../lib/addresses.js';
import { judge } from '../lib/bounds.js';
import { readGoals } from '../lib/goals.js';
import { cleanUpJobs, drawRun, sleepingJob } from '../lib/jobs.js';
import { later, openPlatform } from '../lib/platform.js';
import {
  createPolicy,
  findPolicy,
  judged,
  putBack,
  raise,
  removeLeftOvers,
  removePolicies,
  told,
} from '../lib/policies.js';
import { summarise } from '../lib/report.js';
import { decimal, oneOf, readSettings, someOf, whole } from '../lib/settings.js';
import { atOnce, sendAt, steadily } from '../lib/user.js';

/** An operation for each algorithm, so that they run side by side. All are cheap, and few people use them. */
const operations = {
  'token-bucket': { operation: 'getCustomer', path: '/v1/customers/default' },
  'leaky-bucket': { operation: 'listCustomers', path: '/v1/customers?limit=1' },
  'sliding-log': { operation: 'listDeadLetters', path: '/v1/events/dead?limit=1' },
  'sliding-counter': { operation: 'listCustomerServices', path: '/v1/customers/default/services?limit=1' },
  'fixed-window': { operation: 'getServiceVersion', path: '/v1/services/european-option/versions/1' },
};
const names = Object.keys(operations);
const patterns = ['steady', 'burst'];

const settings = readSettings({
  LOAD_ALGORITHMS: { kind: someOf(...names), unset: names.join(',') },
  LOAD_LIMIT: { kind: whole(1, 200), unset: '20' },
  LOAD_WINDOW_SECONDS: { kind: whole(1, 60), unset: '4' },
  LOAD_WINDOWS: { kind: decimal(1, 100), unset: '2.5' },
  LOAD_USERS: { kind: whole(1, 1000), unset: '4' },
  LOAD_DEMAND: { kind: decimal(1.2, 10), unset: '3' },
  LOAD_BURST: { kind: decimal(1.2, 10), unset: '3' },
  LOAD_SUBMISSION: { kind: oneOf('on', 'off'), unset: 'on' },
  LOAD_SUBMISSION_POLICY: { kind: (_, text) => text, unset: 'job-submission' },
  LOAD_CLOCK_SKEW_MS: { kind: whole(0, 1000), unset: '20' },
  LOAD_LATENCY_P95_MS: { kind: whole(1, 60_000), unset: '500' },
});
const forwarded = settings.forwarded === 'on';
if (!forwarded && settings.users > 1) throw new Error('LOAD_FORWARDED=off leaves one user: set LOAD_USERS=1');
const withSubmission = settings.submission === 'on';
const windowMs = settings.windowSeconds * 1000;

const metrics = {
  admitted: new Counter('limiter_admitted'),
  refused: new Counter('limiter_refused'),
  lower: new Counter('limiter_lower_bound'),
  upper: new Counter('limiter_upper_bound'),
  over: new Counter('limiter_admitted_over_bound'),
  under: new Counter('limiter_admitted_under_bound'),
  wronglyRefused: new Counter('limiter_wrongly_refused'),
};
const judgedUsers = new Counter('limiter_users_judged');
const byOthers = new Counter('limiter_refused_by_others');
const failures = new Counter('limiter_errors');
const malformed = new Counter('limiter_malformed_refusals');
const answered = new Trend('limiter_answer', true);

/** What is measured apart: an algorithm under a pattern, with so many users. */
const cells = settings.algorithms.flatMap((algorithm) =>
  patterns.map((pattern) => ({ algorithm, pattern, users: settings.users })),
);
const submission = { algorithm: 'sliding-log', pattern: 'submission', users: 1 };
const measured = withSubmission ? [...cells, submission] : cells;
const tagsOf = ({ algorithm, pattern }) => ({ algorithm, pattern });
const inCell = (metric, { algorithm, pattern }) => `${metric}{algorithm:${algorithm},pattern:${pattern}}`;

const goalsOf = (cell) => ({
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
  [inCell('limiter_users_judged', cell)]: [
    [`count==${cell.users}`, 'Every user was judged: a user whose script broke off proves nothing.'],
  ],
  [inCell('limiter_admitted', cell)]: [['count>0', 'Something was admitted, so the bounds were of something.']],
  [inCell('limiter_lower_bound', cell)]: [['count>0', 'A lower bound of 0 would hold whatever happens.']],
  [inCell('limiter_upper_bound', cell)]: [['count>0', 'As for the lower one; and the report shows both.']],
  [inCell('limiter_refused', cell)]: [['count>0', 'Something was refused, so the limit was reached.']],
});

const { thresholds, reasons } = readGoals({
  ...Object.assign({}, ...measured.map(goalsOf)),
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
  'limiter_answer{outcome:admitted,pattern:steady}': [
    [
      `p(95)<${settings.latencyP95Ms}`,
      'The endpoints take milliseconds; beyond this the machine is too busy for bounds that say much.',
    ],
  ],
  'limiter_answer{outcome:refused,pattern:steady}': [
    [
      `p(95)<${settings.latencyP95Ms}`,
      'A refusal does less than any work it spares, so it is no slower than an answer may be.',
    ],
  ],
});

/** Side by side: a user is a virtual user, so that one of them sees all requests of its key. */
const scenarioOf = ({ algorithm, pattern, users }) => ({
  executor: 'per-vu-iterations',
  exec: pattern === 'submission' ? 'jobs' : pattern,
  vus: users,
  iterations: 1,
  // Bursts come after the steady streams, which they would delay.
  startTime: pattern === 'burst' ? `${Math.ceil(settings.windows * settings.windowSeconds) + 2}s` : '0s',
  maxDuration: '10m',
  env: { ALGORITHM: algorithm },
});

export const options = {
  scenarios: Object.fromEntries(
    measured.map((cell) => [
      `${cell.algorithm}-${cell.pattern}`.replace('sliding-log-submission', 'job-submission'),
      scenarioOf(cell),
    ]),
  ),
  thresholds,
  summaryTrendStats: ['min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
  setupTimeout: '5m',
  teardownTimeout: '5m',
  // The body of a refusal says which policy refused.
  discardResponseBodies: false,
};

export const setup = () => {
  const platform = openPlatform(settings);
  removeLeftOvers(platform);
  const raised = raise(platform, settings.raiseLimits);
  const run = drawRun();
  const made = {};
  try {
    for (const algorithm of settings.algorithms) {
      const rule = { algorithm, limit: settings.limit, windowSeconds: settings.windowSeconds };
      const { operation } = operations[algorithm];
      made[algorithm] = createPolicy(platform, `${run}-${algorithm}`, {
        operations: [operation],
        per: 'address',
        rule,
      });
    }
    const firstUser = drawFirstUser();
    for (const algorithm of settings.algorithms) awaitPolicy(platform, algorithm, made[algorithm].name, firstUser);
    if (forwarded && settings.algorithms.length > 0) checkForwarded(platform, settings.algorithms[0], made, firstUser);
    return { run, made, raised, firstUser: firstUser + settingUpUsers };
  } catch (error) {
    // Without its data, teardown could remove nothing.
    removePolicies(
      platform,
      Object.values(made).map(({ name }) => name),
    );
    putBack(platform, raised);
    throw error;
  }
};

const settingUpUsers = 2;
/** Behind one address there may be several replicas: so many answers in a row show the policy. */
const answersInARow = 10;

/** Until every replica goes by the policy: it hears of it by the bus, or asks the store for it in time. */
const awaitPolicy = (platform, algorithm, name, user) => {
  const { operation, path } = operations[algorithm];
  const end = Date.now() + 60_000;
  for (const url of platform.urls) {
    for (let inARow = 0; inARow < answersInARow;) {
      if (Date.now() > end) throw new Error(`${url} does not go by the policy ${name} after a minute`);
      const response = platform.request('GET', path, operation, { url, headers: addressOf(user, forwarded) });
      if (response.status !== 200 && response.status !== 429)
        throw new Error(`${operation}: ${response.status} ${response.body}`);
      inARow = told(response, name) === null ? 0 : inARow + 1;
    }
  }
};

/** Throws where all users would be one, since the platform does not believe X-Forwarded-For from here. */
const checkForwarded = (platform, algorithm, made, firstUser) => {
  const { operation, path } = operations[algorithm];
  const { name, rule } = made[algorithm];
  const response = platform.request('GET', path, operation, { headers: addressOf(firstUser + 1, true) });
  const left = told(response, name)?.remaining;
  const most = rule.burst ?? (algorithm === 'leaky-bucket' ? 1 : rule.limit);
  if (left === most - 1) return;
  throw new Error(
    `a new user has ${left} of ${most} requests left: name this machine in --trusted-proxies, or set LOAD_FORWARDED=off LOAD_USERS=1`,
  );
};

const report = (cell, policy, { trace, ...seen }) => {
  const tags = tagsOf(cell);
  const verdict = judge(policy, trace, settings.clockSkewMs);
  for (const [name, metric] of Object.entries(metrics)) metric.add(verdict[name], tags);
  byOthers.add(seen.byOthers.length);
  failures.add(seen.errors.length);
  malformed.add(seen.malformed.length);
  for (const { ms, admitted } of seen.durations)
    answered.add(ms, { outcome: admitted ? 'admitted' : 'refused', pattern: cell.pattern });
  for (const [what, all] of [
    ['refused by', seen.byOthers],
    ['failed', seen.errors],
  ])
    if (all.length > 0)
      console.warn(
        `${cell.algorithm} ${cell.pattern}: ${all.length} ${what} ${[...new Set(all)].slice(0, 3).join(', ')}`,
      );
  if (verdict.over + verdict.under + verdict.wronglyRefused > 0)
    console.warn(`${cell.algorithm} ${cell.pattern}: ${JSON.stringify(verdict)}`);
  judgedUsers.add(1, tags);
};

/** Another one for each iteration of each cell, on whichever machine it runs. */
const userNumber = (algorithm, pattern) => {
  const cell = cells.findIndex((each) => each.algorithm === algorithm && each.pattern === pattern);
  return cell * settings.users + exec.scenario.iterationInTest;
};

const openUser = (data, algorithm, pattern) => {
  const platform = openPlatform(settings);
  const { operation, path } = operations[algorithm];
  const user = data.firstUser + userNumber(algorithm, pattern);
  return () => platform.requestAsync('GET', path, operation, { headers: addressOf(user, forwarded) });
};

export const steady = async (data) => {
  const algorithm = __ENV.ALGORITHM;
  const policy = judged(data.made[algorithm]);
  const send = openUser(data, algorithm, 'steady');
  const perSecond = (settings.demand * policy.limit * 1000) / policy.windowMs;
  const times = steadily(Date.now() + Math.random() * 100, perSecond, settings.windows * settings.windowSeconds);
  report({ algorithm, pattern: 'steady' }, policy, await sendAt(times, send, data.made[algorithm].name));
};

export const burst = async (data) => {
  const algorithm = __ENV.ALGORITHM;
  const policy = judged(data.made[algorithm]);
  const send = openUser(data, algorithm, 'burst');
  // A quarter into a window of fixed times, so that an answer is not on either side of its end; one algorithm after the other, each in a window.
  const ownTurn = 0.25 + settings.algorithms.indexOf(algorithm);
  const start = (Math.ceil(Date.now() / windowMs) + ownTurn) * windowMs;
  await later(start - Date.now());
  const times = atOnce(start, Math.ceil(settings.burst * policy.limit));
  report({ algorithm, pattern: 'burst' }, policy, await sendAt(times, send, data.made[algorithm].name));
};

/** Jobs for a minute (a window of the policy), at a rate that would submit more than it admits: exactly the limit gets through. */
export const jobs = async (data) => {
  const platform = openPlatform(settings);
  const name = settings.submissionPolicy;
  const policy = judged(findPolicy(platform, name));
  const send = () => platform.requestAsync('POST', '/v1/jobs', 'createJob', { body: sleepingJob(data.run) });
  const first = await firstOfBudget(send, name, policy);
  // A little less than the window, so that it is one.
  const seconds = (policy.windowMs - 1000) / 1000;
  const perSecond = (1.5 * policy.limit) / seconds;
  const seen = await sendAt(steadily(Date.now(), perSecond, seconds - 1), send, name);
  report(submission, policy, { ...seen, trace: [first, ...seen.trace] });
};

/** The first job of a budget that nothing was taken out of: somebody with this token may have submitted some before, until none of them counts. */
const firstOfBudget = async (send, name, policy) => {
  for (let tries = 0; tries < 3; tries += 1) {
    const sent = Date.now();
    const response = await send();
    const received = Date.now();
    const state = told(response, name);
    if (state === null) throw new Error(`the policy ${name} does not apply to createJob with this token`);
    if (response.status === 201 && state.remaining === policy.limit - 1) return { sent, received, admitted: true };
    await later(policy.windowMs + 500);
  }
  throw new Error(`somebody else submits jobs with this token: the budget of ${name} is never whole`);
};

export const teardown = ({ run, made, raised }) => {
  const platform = openPlatform(settings);
  removePolicies(
    platform,
    Object.values(made).map(({ name }) => name),
  );
  putBack(platform, raised);
  if (withSubmission) cleanUpJobs(platform, run);
};

const valuesOf = (valueOf, cell) => (metric) => valueOf(metric, 'count', tagsOf(cell)) ?? 0;

const admissions = (valueOf) => {
  const counted = measured.map((cell) => ({ cell, count: valuesOf(valueOf, cell) }));
  return {
    title: 'Admitted, and what the algorithm admits',
    note:
      'Summed over users. The bounds are computed from the policy and from when requests were sent and answered; they differ by what the time between ' +
      'the two leaves open, and by what comes in while the test lasts. Over and under must be 0, and so must refusals that came while there was room.',
    head: [
      'Algorithm',
      'Pattern',
      'Users',
      'Lower',
      'Admitted',
      'Upper',
      'Refused',
      'Over',
      'Under',
      'Wrongly refused',
    ],
    rows: counted.map(({ cell, count }) => [
      ...[cell.algorithm, cell.pattern, count('limiter_users_judged')],
      ...[
        count('limiter_lower_bound'),
        count('limiter_admitted'),
        count('limiter_upper_bound'),
        count('limiter_refused'),
      ],
      ...[
        count('limiter_admitted_over_bound'),
        count('limiter_admitted_under_bound'),
        count('limiter_wrongly_refused'),
      ],
    ]),
    ranges: counted.map(({ cell, count }) => ({
      name: `${cell.algorithm}, ${cell.pattern}`,
      lower: count('limiter_lower_bound'),
      upper: count('limiter_upper_bound'),
      value: count('limiter_admitted'),
    })),
  };
};

export const handleSummary = summarise({
  title: 'Rate limits',
  reasons,
  sections: (valueOf) => [admissions(valueOf)],
  facts: {
    Platform: settings.urls.join(', '),
    Policies: `${settings.limit} in ${settings.windowSeconds} s, of addresses; ${settings.users} users for each line`,
    Submission: withSubmission ? `policy ${settings.submissionPolicy}` : 'off',
  },
  file: settings.report,
});
