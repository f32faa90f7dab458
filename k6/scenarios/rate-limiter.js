// Do rate limits admit exactly what they promise, over all replicas together? For each algorithm a policy is made, and what was admitted is held against the
// bounds of the algorithm. Patterns: users that come at a `steady` rate and in a `burst`, each seen by one virtual user, so that every order of decisions is
// tried (k6/lib/bounds.js); a constant `arrival` for one key by many virtual users (k6/lib/arrivals.js); a `crowd` of users of whom none reaches a limit; and
// requests that are `held` under way against a concurrency limit (k6/lib/held.js).
//
//   SIMFLEET_URL         addresses of the platform, separated by commas: requests go to them in turn (or SIMFLEET_URLS)
//   SIMFLEET_TOKEN       an administrator's token: policies are made and removed
//   LOAD_ALGORITHMS      which, separated by commas; default all five
//   LOAD_PATTERNS        which, separated by commas; default all five
//   LOAD_LIMIT           requests a window of the policies made; 1 … 200, default 20
//   LOAD_WINDOW_SECONDS  their window; 1 … 60, default 4
//   LOAD_WINDOWS         how long the steady stream lasts, in windows; 1 … 100, default 2.5
//   LOAD_USERS           users for each algorithm and pattern; 1 … 1000, default 4
//   LOAD_DEMAND          rate of the steady stream, in limits a window; 1.2 … 10, default 3
//   LOAD_BURST           size of a burst, in limits; 1.2 … 10, default 3
//   LOAD_ARRIVAL_DEMAND  rate of the constant arrival, in limits a window; 2 … 20, default 6
//   LOAD_ARRIVAL_WINDOWS   it lasts half a window less than so many; 2 … 100, default 3
//   LOAD_STALL           how late an answer to it may be, in windows; lower bounds leave room for that; 0.01 … 0.4, default 0.1
//   LOAD_CROWD           users in the crowd, over all algorithms; 1 … 5000, default 200
//   LOAD_HELD            requests at a time of the concurrency limit; 1 … 50, default 5
//   LOAD_HELD_ROUNDS     how often each user takes all of them; 1 … 20, default 3
//   LOAD_SUBMISSION      `on`: also submit jobs for a minute against the policy LOAD_SUBMISSION_POLICY; default on
//   LOAD_SUBMISSION_POLICY   default job-submission, the one that the platform ships with
//   LOAD_CLOCK_SKEW_MS   how far this machine's clock may be from that of the store (Redis); windows with fixed times depend on it; 0 … 1000, default 20
//   LOAD_LATENCY_P95_MS  threshold of a limited request; 1 … 60000, default 500
//   LOAD_RAISE_LIMITS, LOAD_FORWARDED, LOAD_REPORT   see k6/README.md
import { Counter, Trend } from 'k6/metrics';
import exec from 'k6/execution';
import { addressOf, drawFirstUser } from '../lib/addresses.js';
import { arrivalBounds, crowdGapMs, planArrival, startOfArrival } from '../lib/arrivals.js';
import { judge } from '../lib/bounds.js';
import { readGoals } from '../lib/goals.js';
import { judgeHeld } from '../lib/held.js';
import { freedMs, holdRounds } from '../lib/holder.js';
import { cleanUpJobs, createJob, drawRun, sleepingJob } from '../lib/jobs.js';
import { commonGoals, goalsOf, tagsOf } from '../lib/limiter-goals.js';
import { admissions } from '../lib/limiter-report.js';
import { later, openPlatform, parsed } from '../lib/platform.js';
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
import { atOnce, outcomeOf, sendAt, steadily } from '../lib/user.js';

/** An operation for each algorithm, so that they run side by side. All are cheap, and few people use them. */
const operations = {
  'token-bucket': { operation: 'getCustomer', path: '/v1/customers/default' },
  'leaky-bucket': { operation: 'listCustomers', path: '/v1/customers?limit=1' },
  'sliding-log': { operation: 'listDeadLetters', path: '/v1/events/dead?limit=1' },
  'sliding-counter': { operation: 'listCustomerServices', path: '/v1/customers/default/services?limit=1' },
  'fixed-window': { operation: 'getServiceVersion', path: '/v1/services/european-option/versions/1' },
};
const names = Object.keys(operations);
/** Against a concurrency limit: streams of jobs take as long as the job. Of a job that is not there the answer says what the limit says, too. */
const streams = { operation: 'watchJob', path: '/v1/jobs/not-there/events' };
const patterns = ['steady', 'burst', 'arrival', 'crowd', 'held'];

const settings = readSettings({
  LOAD_ALGORITHMS: { kind: someOf(...names), unset: names.join(',') },
  LOAD_PATTERNS: { kind: someOf(...patterns), unset: patterns.join(',') },
  LOAD_LIMIT: { kind: whole(1, 200), unset: '20' },
  LOAD_WINDOW_SECONDS: { kind: whole(1, 60), unset: '4' },
  LOAD_WINDOWS: { kind: decimal(1, 100), unset: '2.5' },
  LOAD_USERS: { kind: whole(1, 1000), unset: '4' },
  LOAD_DEMAND: { kind: decimal(1.2, 10), unset: '3' },
  LOAD_BURST: { kind: decimal(1.2, 10), unset: '3' },
  LOAD_ARRIVAL_DEMAND: { kind: decimal(2, 20), unset: '6' },
  LOAD_ARRIVAL_WINDOWS: { kind: whole(2, 100), unset: '3' },
  LOAD_STALL: { kind: decimal(0.01, 0.4), unset: '0.1' },
  LOAD_CROWD: { kind: whole(1, 5000), unset: '200' },
  LOAD_HELD: { kind: whole(1, 50), unset: '5' },
  LOAD_HELD_ROUNDS: { kind: whole(1, 20), unset: '3' },
  LOAD_SUBMISSION: { kind: oneOf('on', 'off'), unset: 'on' },
  LOAD_SUBMISSION_POLICY: { kind: (_, text) => text, unset: 'job-submission' },
  LOAD_CLOCK_SKEW_MS: { kind: whole(0, 1000), unset: '20' },
  LOAD_LATENCY_P95_MS: { kind: whole(1, 60_000), unset: '500' },
});
const forwarded = settings.forwarded === 'on';
if (!forwarded && settings.users > 1) throw new Error('LOAD_FORWARDED=off leaves one user: set LOAD_USERS=1');
const withSubmission = settings.submission === 'on';
const windowMs = settings.windowSeconds * 1000;

const runs = (pattern) => settings.patterns.includes(pattern);

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
/** Of a constant arrival: sent and answered within the stretch that the upper bound is of. */
const admittedInTime = new Counter('limiter_admitted_in_time');
/** From the time when a request was due to its answer. */
const late = new Trend('limiter_late', true);
const heldAtOnce = new Trend('limiter_held_at_once');
const byOthers = new Counter('limiter_refused_by_others');
const failures = new Counter('limiter_errors');
const malformed = new Counter('limiter_malformed_refusals');
const answered = new Trend('limiter_answer', true);

/** A policy as it is made here, for what has to be known before. */
const policyOf = (algorithm) => ({ algorithm, limit: settings.limit, windowMs });
const plan = planArrival(policyOf(), {
  demand: settings.arrivalDemand,
  windows: settings.arrivalWindows,
  stall: settings.stall,
  skewMs: settings.clockSkewMs,
});
const crowdGap = crowdGapMs(policyOf(), plan);
const askedAtOnce = Math.ceil(settings.demand * settings.held);

/** What is measured apart: an algorithm under a pattern, with so many users. */
const cells = settings.algorithms.flatMap((algorithm) =>
  ['steady', 'burst'].filter(runs).map((pattern) => ({ algorithm, pattern, users: settings.users })),
);
const arrivals = settings.algorithms
  .filter(() => runs('arrival'))
  .map((algorithm) => ({
    ...{ algorithm, pattern: 'arrival', users: 1 },
    bounds: arrivalBounds(policyOf(algorithm), plan),
  }));
/** One address cannot be many users. */
const crowds =
  runs('crowd') && forwarded && settings.algorithms.length > 0
    ? [{ algorithm: 'any', pattern: 'crowd', users: settings.crowd }]
    : [];
const held = {
  ...{ algorithm: 'concurrency', pattern: 'held', users: settings.users },
  admissions: settings.users * settings.heldRounds * settings.held,
};
const holding = runs('held') ? [held] : [];
const submission = { algorithm: 'sliding-log', pattern: 'submission', users: 1 };
const measured = [...cells, ...arrivals, ...crowds, ...holding, ...(withSubmission ? [submission] : [])];
const scenarioName = ({ algorithm, pattern }) =>
  pattern === 'submission' ? 'job-submission' : `${algorithm}-${pattern}`;

const { thresholds, reasons } = readGoals({
  ...Object.assign(
    {},
    ...measured.map((cell) => goalsOf(cell, { scenario: scenarioName(cell), stallMs: plan.stallMs })),
  ),
  ...commonGoals(settings.latencyP95Ms, runs('steady')),
});

const seconds = (ms) => `${Math.ceil(ms / 1000)}s`;
const steadyMs = runs('steady') ? Math.ceil(settings.windows * windowMs) + 2000 : 0;
const burstMs = runs('burst') ? (settings.algorithms.length + 1.25) * windowMs + 2000 : 0;
/** Where all users are one, what the patterns before admitted counts until then: two windows of a counter. */
const pauseMs = forwarded || steadyMs + burstMs === 0 ? 0 : 2 * windowMs;
const startMs = { burst: steadyMs, arrival: steadyMs + burstMs + pauseMs, crowd: steadyMs + burstMs };

/** Side by side: a user is a virtual user, so that one of them sees all requests of its key. */
const usersOfTheirOwn = ({ algorithm, pattern, users }) => ({
  executor: 'per-vu-iterations',
  exec: { submission: 'jobs', held: 'holders' }[pattern] ?? pattern,
  vus: users,
  iterations: 1,
  // Bursts come after the steady streams, which they would delay.
  startTime: seconds(startMs[pattern] ?? 0),
  maxDuration: '10m',
  env: { ALGORITHM: algorithm },
});

/** However long answers take, requests come when they are due; what finds no free virtual user is dropped, and counted. */
const constantArrival = ({ algorithm, pattern }, perPeriod, periodMs, lengthMs) => {
  const duringAStall = Math.ceil((perPeriod * plan.stallMs) / periodMs);
  return {
    executor: 'constant-arrival-rate',
    exec: pattern,
    rate: perPeriod,
    timeUnit: `${periodMs}ms`,
    duration: `${Math.ceil(lengthMs)}ms`,
    preAllocatedVUs: Math.ceil(duringAStall / 2) + 5,
    maxVUs: duringAStall + 10,
    startTime: seconds(startMs[pattern]),
    env: { ALGORITHM: algorithm },
  };
};

const scenarioOf = (cell) => {
  // Up to a window passes until the stretch begins.
  if (cell.pattern === 'arrival') return constantArrival(cell, plan.perWindow, windowMs, windowMs + plan.lengthMs);
  if (cell.pattern === 'crowd')
    return constantArrival(cell, settings.crowd, crowdGap, Math.max(plan.lengthMs, 3.5 * crowdGap));
  // One virtual user for all of them: who is under way at a time is a question of one clock.
  return usersOfTheirOwn(cell.pattern === 'held' ? { ...cell, users: 1 } : cell);
};

/** Streams need jobs that sleep: those that were submitted for a minute, or, without, some of their own. */
const started = withSubmission ? measured.filter(({ pattern }) => pattern !== 'held') : measured;

export const options = {
  scenarios: Object.fromEntries(started.map((cell) => [scenarioName(cell), scenarioOf(cell)])),
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
    if (runs('held'))
      made.concurrency = createPolicy(platform, `${run}-concurrency`, {
        operations: [streams.operation],
        per: 'address',
        rule: { algorithm: 'concurrency', limit: settings.held },
      });
    const firstUser = drawFirstUser();
    for (const [algorithm, { name }] of Object.entries(made))
      awaitPolicy(platform, operations[algorithm] ?? streams, name, firstUser);
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
const awaitPolicy = (platform, { operation, path }, name, user) => {
  const end = Date.now() + 60_000;
  for (const url of platform.urls) {
    for (let inARow = 0; inARow < answersInARow;) {
      if (Date.now() > end) throw new Error(`${url} does not go by the policy ${name} after a minute`);
      const response = platform.request('GET', path, operation, { url, headers: addressOf(user, forwarded) });
      if (![200, 404, 429].includes(response.status))
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
  for (const { ms, admitted } of seen.durations)
    answered.add(ms, { outcome: admitted ? 'admitted' : 'refused', pattern: cell.pattern });
  reportOthers(cell, seen);
  if (verdict.over + verdict.under + verdict.wronglyRefused > 0)
    console.warn(`${cell.algorithm} ${cell.pattern}: ${JSON.stringify(verdict)}`);
  judgedUsers.add(1, tags);
};

/** What was not about the policy that is measured. */
const reportOthers = (cell, seen) => {
  byOthers.add(seen.byOthers.length);
  failures.add(seen.errors.length);
  malformed.add(seen.malformed.length);
  for (const [what, all] of [
    ['refused by', seen.byOthers],
    ['failed', seen.errors],
  ])
    if (all.length > 0)
      console.warn(
        `${cell.algorithm} ${cell.pattern}: ${all.length} ${what} ${[...new Set(all)].slice(0, 3).join(', ')}`,
      );
};

const firstArrival = cells.length * settings.users;
const firstHolder = firstArrival + arrivals.length;
const firstOfCrowd = firstHolder + settings.users;

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

/** One request of many for a key, if it is due within the stretch that the bounds are of. */
export const arrival = (data) => {
  const algorithm = __ENV.ALGORITHM;
  const cell = arrivals.find((each) => each.algorithm === algorithm);
  const begun = exec.scenario.startTime;
  const due = begun + exec.scenario.iterationInTest * plan.gapMs;
  const start = startOfArrival(begun, windowMs);
  const end = start + plan.lengthMs;
  if (due < start || due > end) return;
  const { admitted, received } = askOnce(data, cell, algorithm, firstArrival + arrivals.indexOf(cell));
  late.add(received - due, tagsOf(cell));
  if (admitted && received <= end) admittedInTime.add(1, tagsOf(cell));
};

/** One request of the user whose turn it is, of an algorithm that is always the same for that user. */
export const crowd = (data) => {
  const [cell] = crowds;
  const user = exec.scenario.iterationInTest % settings.crowd;
  askOnce(data, cell, settings.algorithms[user % settings.algorithms.length], firstOfCrowd + user);
  if (exec.scenario.iterationInTest < settings.crowd) judgedUsers.add(1, tagsOf(cell));
};

/** Asks the replicas in turn, whichever virtual user it is. */
const askOnce = (data, cell, algorithm, number) => {
  const platform = openPlatform(settings);
  const { operation, path } = operations[algorithm];
  const url = platform.urls[exec.scenario.iterationInTest % platform.urls.length];
  const headers = addressOf(data.firstUser + number, forwarded);
  const response = platform.request('GET', path, operation, { url, headers });
  const received = Date.now();
  const { admitted, ...seen } = outcomeOf(response, data.made[algorithm].name);
  const one = (value) => (value === undefined ? [] : [value]);
  reportOthers(cell, { byOthers: one(seen.byOthers), errors: one(seen.error), malformed: one(seen.malformed) });
  if (admitted === true) metrics.admitted.add(1, tagsOf(cell));
  if (admitted === false) metrics.refused.add(1, tagsOf(cell));
  return { admitted, received };
};

export const holders = async (data) => {
  const platform = openPlatform(settings);
  const jobs = Array.from(
    { length: settings.users * settings.heldRounds },
    () => createJob(platform, sleepingJob(data.run)).id,
  );
  await hold(data, jobs);
};

/** All users at a time, each with jobs of its own. */
const hold = async (data, jobs) => {
  const platform = openPlatform(settings);
  const { name } = data.made.concurrency;
  const { limit } = data.made.concurrency.rule;
  const one = async (_, user) => {
    const seen = await holdRounds({
      ...{ platform, asked: askedAtOnce, limit, policyName: name },
      jobs: jobs.slice(user * settings.heldRounds, (user + 1) * settings.heldRounds),
      headers: () => addressOf(data.firstUser + firstHolder + user, forwarded),
    });
    const verdict = judgeHeld(limit, seen.trace, freedMs);
    metrics.admitted.add(verdict.admitted, tagsOf(held));
    metrics.refused.add(verdict.refused, tagsOf(held));
    metrics.over.add(verdict.over, tagsOf(held));
    metrics.wronglyRefused.add(verdict.wronglyRefused, tagsOf(held));
    heldAtOnce.add(verdict.most);
    reportOthers(held, seen);
    if (verdict.over + verdict.wronglyRefused > 0) console.warn(`held: ${JSON.stringify(verdict)}`);
    judgedUsers.add(1, tagsOf(held));
  };
  await Promise.all(Array.from({ length: settings.users }, one));
};

/** Jobs for a minute (a window of the policy), at a rate that would submit more than it admits: exactly the limit gets through. */
export const jobs = async (data) => {
  const platform = openPlatform(settings);
  const name = settings.submissionPolicy;
  const policy = judged(findPolicy(platform, name));
  const submitted = [];
  const send = async () => {
    const response = await platform.requestAsync('POST', '/v1/jobs', 'createJob', { body: sleepingJob(data.run) });
    if (response.status === 201) submitted.push(parsed(response).id);
    return response;
  };
  const first = await firstOfBudget(send, name, policy);
  // A little less than the window, so that it is one.
  const seconds = (policy.windowMs - 1000) / 1000;
  const perSecond = (1.5 * policy.limit) / seconds;
  const seen = await sendAt(steadily(Date.now(), perSecond, seconds - 1), send, name);
  report(submission, policy, { ...seen, trace: [first, ...seen.trace] });
  if (!runs('held')) return;
  const needed = settings.users * settings.heldRounds;
  if (submitted.length < needed)
    throw new Error(`${submitted.length} jobs were submitted, and requests that are held need ${needed}`);
  await hold(data, submitted);
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
  if (withSubmission || runs('held')) cleanUpJobs(platform, run);
};

export const handleSummary = summarise({
  title: 'Rate limits',
  reasons,
  sections: (valueOf) => [admissions(measured, valueOf)],
  facts: {
    Platform: settings.urls.join(', '),
    Policies: `${settings.limit} in ${settings.windowSeconds} s, of addresses; ${settings.users} users for each line`,
    Arrival: runs('arrival') ? `${plan.perWindow} requests of one key a window, for ${plan.lengthMs / 1000} s` : 'off',
    Crowd: crowds.length > 0 ? `${settings.crowd} users, each every ${crowdGap} ms` : 'off',
    Held: runs('held') ? `${settings.held} streams of a user at a time, ${askedAtOnce} asked for` : 'off',
    Submission: withSubmission ? `policy ${settings.submissionPolicy}` : 'off',
  },
  file: settings.report,
});
