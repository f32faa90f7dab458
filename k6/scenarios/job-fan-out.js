// Thousands of WebSocket watchers of one running job: does each see every event once, in order and soon, through closed connections, on any replica?
//
//   SIMFLEET_URL            addresses of the platform, separated by commas (or SIMFLEET_URLS)
//   SIMFLEET_SOCKETS_URL    addresses of its WebSockets: watchers connect to them in turn (or SIMFLEET_SOCKETS_URLS)
//   SIMFLEET_TOKEN          may create jobs of the customer `default`, and watch them
//   LOAD_WATCHERS           how many; 1 … 100000, default 2000
//   LOAD_SECONDS            how long the job runs; 5 … 3600, default 25
//   LOAD_RAMP_SECONDS       the watchers come within this time, while it runs; less than LOAD_SECONDS; 1 … 600, default 8
//   LOAD_SOCKETS_PER_VU     watchers of one virtual user; 1 … 1000, default 100
//   LOAD_DROP               share of watchers that break their own connection once and resume; 0 … 1, default 0.1
//   LOAD_DELIVERY_P99_MS    threshold of the time from the making of an event to its arrival; 1 … 60000, default 1000
//   LOAD_RAISE_LIMITS, LOAD_FORWARDED, LOAD_REPORT   see k6/README.md
import { Counter, Trend } from 'k6/metrics';
import exec from 'k6/execution';
import { addressOf, drawFirstUser } from '../lib/addresses.js';
import { readGoals } from '../lib/goals.js';
import { cleanUpJobs, createJob, drawRun, historyOf, jobOfSeconds } from '../lib/jobs.js';
import { later, openPlatform } from '../lib/platform.js';
import { putBack, raise } from '../lib/policies.js';
import { summarise } from '../lib/report.js';
import { decimal, readSettings, whole } from '../lib/settings.js';
import { openReader, watch } from '../lib/watcher.js';

const settings = readSettings(
  {
    LOAD_WATCHERS: { kind: whole(1, 100_000), unset: '2000' },
    LOAD_SECONDS: { kind: whole(5, 3600), unset: '25' },
    LOAD_RAMP_SECONDS: { kind: whole(1, 600), unset: '8' },
    LOAD_SOCKETS_PER_VU: { kind: whole(1, 1000), unset: '100' },
    LOAD_DROP: { kind: decimal(0, 1), unset: '0.1' },
    LOAD_DELIVERY_P99_MS: { kind: whole(1, 60_000), unset: '1000' },
  },
  { sockets: true },
);
if (settings.rampSeconds >= settings.seconds) throw new Error('LOAD_RAMP_SECONDS must be less than LOAD_SECONDS');
const users = Math.ceil(settings.watchers / settings.socketsPerVu);
/** After the job's end: what watchers are given to hear of it, and to catch up if they were dropped. */
const patienceMs = 60_000;
/** Times are taken by one watcher in so many, at any replica: a value for every event of every watcher is half of what they all cost k6. */
const timedOneIn = 5;

const complete = new Counter('fanout_watchers_complete');
const failed = new Counter('fanout_watchers_failed');
const gaps = new Counter('fanout_events_missed');
const repeats = new Counter('fanout_events_repeated');
const differing = new Counter('fanout_events_differing');
const received = new Counter('fanout_events_received');
const opened = new Counter('fanout_connections');
const resumed = new Counter('fanout_connections_resumed');
const slow = new Counter('fanout_closed_as_slow');
const restarted = new Counter('fanout_closed_for_restart');
const delayed = new Counter('fanout_watches_delayed_by_limits');
const delivery = new Trend('fanout_delivery', true);
const lag = new Trend('fanout_script_lag', true);
const jobEvents = new Trend('fanout_events_of_the_job');

const { thresholds, reasons } = readGoals({
  fanout_events_missed: [
    ['count==0', 'Ids run 1, 2, 3, … without gaps: a watcher that misses a verdict may act on an old one.'],
  ],
  fanout_events_repeated: [
    ['count==0', 'A resumed watcher goes on where it was: a verdict told twice is an alert sent twice.'],
  ],
  fanout_events_differing: [
    ['count==0', 'WebSockets and server-sent events show one log: the same ids with the same content.'],
  ],
  fanout_watchers_complete: [
    [`count==${settings.watchers}`, 'Every watcher came to the end of the job and had all of its events.'],
  ],
  fanout_watchers_failed: [
    ['count==0', 'None was turned away for good: what closes a connection says whether to come back.'],
  ],
  fanout_delivery: [
    [
      `p(99)<${settings.deliveryP99Ms}`,
      'Figures move twice a second at most; within a second they are still live, durable write included.',
    ],
  ],
  fanout_script_lag: [
    [
      'p(99)<5000',
      'From the arrival of an event to the script, half of what the server waits for a client to say who it is: beyond it k6 is what is measured, and needs more processors or fewer watchers.',
    ],
  ],
  fanout_events_of_the_job: [['min>10', 'With a handful of events there would have been little to miss.']],
});

export const options = {
  scenarios: {
    watchers: {
      executor: 'per-vu-iterations',
      vus: users,
      iterations: 1,
      maxDuration: `${settings.seconds + 2 * (patienceMs / 1000)}s`,
    },
  },
  thresholds,
  summaryTrendStats: ['min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
  setupTimeout: '5m',
  teardownTimeout: '5m',
};

export const setup = () => {
  const platform = openPlatform(settings);
  const raised = raise(platform, settings.raiseLimits);
  const run = drawRun();
  try {
    const { id } = createJob(platform, jobOfSeconds(run, settings.seconds));
    return { run, raised, job: id, startedAt: Date.now(), firstUser: drawFirstUser() };
  } catch (error) {
    putBack(platform, raised);
    throw error;
  }
};

/** Watchers of this virtual user: numbers from … to, out of all. */
const share = () => {
  const from = exec.scenario.iterationInTest * settings.socketsPerVu;
  return Array.from({ length: Math.min(settings.socketsPerVu, settings.watchers - from) }, (_, index) => from + index);
};

const watchOnce = async (data, number, read, kept) => {
  const rampMs = settings.rampSeconds * 1000;
  await later(data.startedAt + (number / settings.watchers) * rampMs - Date.now());
  const signal = {};
  let connections = 0;
  let events = 0;
  const seen = {
    opened() {
      opened.add(1);
      if (connections > 0) resumed.add(1);
      connections += 1;
    },
    event({ id, event, at, live }) {
      events += 1;
      if (live && number % timedOneIn === 0) {
        delivery.add(at - Date.parse(event.time));
        lag.add(Date.now() - at);
      }
      kept?.set(id, event);
    },
    gap: (count) => gaps.add(count),
    repeat: () => repeats.add(1),
    delayed: () => delayed.add(1),
    closed(code) {
      if (code === 4008) slow.add(1);
      if (code === 1012) restarted.add(1);
    },
  };
  const endsAt = data.startedAt + settings.seconds * 1000;
  const patience = setTimeout(() => signal.abort(), endsAt + patienceMs - Date.now());
  if (Math.random() < settings.drop) {
    const dropAt = Date.now() + Math.random() * Math.max(0, endsAt - Date.now());
    setTimeout(() => signal.drop?.(), dropAt - Date.now());
  }
  const { socketUrls, token } = settings;
  const headers = addressOf(data.firstUser + number, settings.forwarded === 'on');
  try {
    return await watch({ urls: socketUrls, first: number, token, headers, job: data.job, seen, signal, read });
  } catch (reason) {
    failed.add(1);
    console.warn(`watcher ${number}: ${reason}`);
    return null;
  } finally {
    received.add(events);
    clearTimeout(patience);
  }
};

export default async (data) => {
  const mine = share();
  const read = openReader();
  // One of them keeps what it saw, to be compared.
  const kept = new Map();
  const ends = await Promise.all(
    mine.map((number, index) => watchOnce(data, number, read, index === 0 ? kept : undefined)),
  );
  // The log itself, told by the other kind of stream, says how many events there are.
  const history = historyOf(openPlatform(settings), data.job);
  jobEvents.add(history.length);
  for (const end of ends.filter((each) => each !== null)) {
    if (end.last === history.length && end.told === history.length) complete.add(1);
    else gaps.add(Math.max(1, history.length - end.last));
  }
  differing.add(ends[0] === null ? 0 : history.filter(({ id, event }) => !sameEvent(kept.get(id), id, event)).length);
};

const sameEvent = (pushed, id, event) => JSON.stringify(sorted(pushed)) === JSON.stringify(sorted({ ...event, id }));

const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
};

export const teardown = ({ run, raised }) => {
  const platform = openPlatform(settings);
  cleanUpJobs(platform, run);
  putBack(platform, raised);
};

const watchers = (valueOf) => {
  const count = (metric) => valueOf(metric, 'count') ?? 0;
  return {
    title: 'Watchers',
    note: 'What is received is at most events × watchers: those that come later read what was before from the log.',
    head: ['', 'Count'],
    rows: [
      ['watchers that had every event once, in order', count('fanout_watchers_complete')],
      ['events of the job', valueOf('fanout_events_of_the_job', 'max') ?? 0],
      ['events received', count('fanout_events_received')],
      ['events missed', count('fanout_events_missed')],
      ['events repeated', count('fanout_events_repeated')],
      ['events that differ from the other stream’s', count('fanout_events_differing')],
      ['connections', count('fanout_connections')],
      ['of them resumed', count('fanout_connections_resumed')],
      ['closed by the server as too slow (4008)', count('fanout_closed_as_slow')],
      ['closed by the server for a restart (1012)', count('fanout_closed_for_restart')],
      ['milliseconds from the making of an event to its arrival, median', valueOf('fanout_delivery', 'med')],
      ['and of 99 in 100', valueOf('fanout_delivery', 'p(99)')],
      ['milliseconds that k6 was behind, of 99 in 100', valueOf('fanout_script_lag', 'p(99)')],
      ['watches that a limit delayed', count('fanout_watches_delayed_by_limits')],
    ],
  };
};

export const handleSummary = summarise({
  title: 'Watchers of one job',
  reasons,
  sections: (valueOf) => [watchers(valueOf)],
  facts: {
    Platform: settings.urls.join(', '),
    WebSockets: settings.socketUrls.join(', '),
    Load: `${settings.watchers} watchers within ${settings.rampSeconds} s of a job of ${settings.seconds} s; ${settings.drop * 100} % break off once`,
  },
  file: settings.report,
});
