// Does it stay as it was? A low, steady load for hours: jobs that are created, watched, read and deleted, and lists that are read. What is judged is
// drift: memory and times of the last quarter beside those of the second (the first warms up).
//
//   SIMFLEET_URL          addresses of the replicas themselves, separated by commas: their /metrics are read one by one (or SIMFLEET_URLS)
//   SIMFLEET_SOCKETS_URL  address of the WebSockets (or SIMFLEET_SOCKETS_URLS)
//   SIMFLEET_TOKEN        may create jobs of the customer `default`
//   LOAD_DURATION         such as 90s, 30m, 8h; default 10m
//   LOAD_JOBS_PER_SECOND  no more than the platform ends in the same time, or the queue would be what grows; 0.1 … 50, default 1
//   LOAD_READS_PER_SECOND lists and records; 0.1 … 1000, default 5
//   LOAD_SAMPLE_SECONDS   between two looks at memory; 1 … 300, default 5
//   LOAD_MEMORY_GROWTH    threshold: median memory of the last quarter over that of the second; 1 … 10, default 1.3
//   LOAD_SLOWDOWN         threshold: median time of a read likewise; 1 … 10, default 1.5
//   LOAD_JOB_P95_MS       threshold from creation to the result at the watcher; 1 … 600000, default 5000
//   LOAD_RAISE_LIMITS, LOAD_FORWARDED, LOAD_REPORT   see k6/README.md
import { Counter, Gauge, Trend } from 'k6/metrics';
import { readGoals } from '../lib/goals.js';
import { cleanUpJobs, createJob, drawRun, shortJob } from '../lib/jobs.js';
import { later, openPlatform } from '../lib/platform.js';
import { putBack, raise } from '../lib/policies.js';
import { summarise } from '../lib/report.js';
import { decimal, duration, readSettings, whole } from '../lib/settings.js';
import { watch } from '../lib/watcher.js';

const settings = readSettings(
  {
    LOAD_DURATION: { kind: duration, unset: '10m' },
    LOAD_JOBS_PER_SECOND: { kind: decimal(0.1, 50), unset: '1' },
    LOAD_READS_PER_SECOND: { kind: decimal(0.1, 1000), unset: '5' },
    LOAD_SAMPLE_SECONDS: { kind: whole(1, 300), unset: '5' },
    LOAD_MEMORY_GROWTH: { kind: decimal(1, 10), unset: '1.3' },
    LOAD_SLOWDOWN: { kind: decimal(1, 10), unset: '1.5' },
    LOAD_JOB_P95_MS: { kind: whole(1, 600_000), unset: '5000' },
  },
  { sockets: true },
);
if (settings.duration < 8 * settings.sampleSeconds)
  throw new Error('LOAD_DURATION must be at least eight times LOAD_SAMPLE_SECONDS: drift needs samples early and late');

const jobs = new Counter('soak_jobs_seen_through');
const faults = new Counter('soak_faults');
const jobTime = new Trend('soak_job', true);
const readTime = new Trend('soak_read', true);
const memory = new Trend('soak_memory_megabytes');
const memoryGrowth = new Gauge('soak_memory_growth');
const slowdown = new Gauge('soak_slowdown');
const compared = new Counter('soak_replicas_compared');

/** Of the jobs that were to be started, those that can have ended; a busy moment delays some. */
const mostJobs = settings.duration * settings.jobsPerSecond;

const { thresholds, reasons } = readGoals({
  soak_faults: [['count==0', 'Nothing fails at a load that is a fraction of what the platform takes.']],
  soak_jobs_seen_through: [
    [
      `count>=${Math.floor(0.9 * mostJobs) - 1}`,
      'The load was carried, not put off: at least nine of ten jobs were seen through.',
    ],
  ],
  soak_job: [
    [`p(95)<${settings.jobP95Ms}`, 'A small job waits for a free process, never for the ones before it to pile up.'],
  ],
  soak_memory_growth: [
    [
      `value<${settings.memoryGrowth}`,
      'What is kept for each job or request for ever would show as a line that rises; the rest is the noise of a garbage collector.',
    ],
  ],
  soak_slowdown: [
    [
      `value<${settings.slowdown}`,
      'Reads do not get slower with what was done before them. Medians, so that single pauses do not count, of no less than 10 ms, since below that it is the machine that varies.',
    ],
  ],
  soak_replicas_compared: [
    [`count==${settings.urls.length}`, 'The memory of every replica was looked at from the beginning to the end.'],
  ],
});

const seconds = `${settings.duration}s`;
const arrivals = (exec, perSecond, vus) => ({
  executor: 'constant-arrival-rate',
  ...{
    exec,
    duration: seconds,
    rate: Math.round(perSecond * 60),
    timeUnit: '1m',
    preAllocatedVUs: vus,
    maxVUs: 10 * vus,
  },
});

export const options = {
  scenarios: {
    jobs: arrivals('job', settings.jobsPerSecond, Math.max(5, Math.ceil(2 * settings.jobsPerSecond))),
    reads: arrivals('read', settings.readsPerSecond, Math.max(2, Math.ceil(settings.readsPerSecond / 10))),
    samples: {
      executor: 'per-vu-iterations',
      exec: 'sample',
      vus: 1,
      iterations: 1,
      maxDuration: `${settings.duration + 120}s`,
    },
  },
  thresholds,
  summaryTrendStats: ['min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
  setupTimeout: '5m',
  teardownTimeout: '10m',
};

export const setup = () => {
  const platform = openPlatform(settings);
  return { run: drawRun(), raised: raise(platform, settings.raiseLimits), startedAt: Date.now() };
};

const fault = (what) => {
  faults.add(1);
  console.warn(what);
};

export const job = async ({ run }) => {
  const platform = openPlatform(settings);
  const started = Date.now();
  const { socketUrls, token } = settings;
  const signal = {};
  const seen = {
    ...{ opened() {}, delayed() {}, closed() {}, event() {} },
    gap: (count) => fault(`${count} events were missed`),
    repeat: (id) => fault(`event ${id} was repeated`),
  };
  const patience = setTimeout(() => signal.abort?.(), 60_000);
  try {
    const { id } = createJob(platform, shortJob(run));
    const first = Math.floor(Math.random() * socketUrls.length);
    await watch({ urls: socketUrls, first, token, headers: {}, job: id, seen, signal });
    jobTime.add(Date.now() - started);
    platform.need(200, 'GET', `/v1/jobs/${id}/result`, 'getJobResult');
    platform.need(204, 'DELETE', `/v1/jobs/${id}`, 'deleteJob');
    jobs.add(1);
  } catch (reason) {
    fault(`a job: ${reason}`);
  } finally {
    clearTimeout(patience);
  }
};

const reads = ['/v1/jobs?limit=20', '/v1/services?limit=20', '/v1/customers/default', '/v1/events/dead?limit=20'];

export const read = () => {
  const platform = openPlatform(settings);
  const path = reads[Math.floor(Math.random() * reads.length)];
  const response = platform.request('GET', path, 'read');
  readTime.add(response.timings.duration);
  if (response.status !== 200) fault(`${path}: ${response.status}`);
};

const residentBytes = (text) => Number(/^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1] ?? NaN);

const readsOfALook = 5;
/** Below this a change is one of the machine: reads take a few milliseconds. */
const leastReadMs = 10;

/** One look at a replica: its memory, and how long a read takes there. */
const look = (platform, url, elapsed) => {
  const metrics = platform.request('GET', '/metrics', 'metrics', { url });
  const bytes = residentBytes(String(metrics.body));
  if (metrics.status !== 200 || Number.isNaN(bytes))
    fault(`${url}/metrics: ${metrics.status}, no process_resident_memory_bytes`);
  const times = Array.from({ length: readsOfALook }, () => {
    const { timings } = platform.request('GET', '/v1/services?limit=20', 'read', { url });
    return timings.duration;
  });
  const readIn = Math.max(leastReadMs, median(times));
  memory.add(bytes / 2 ** 20);
  return { elapsed, bytes, readIn };
};

export const sample = async ({ startedAt }) => {
  const platform = openPlatform(settings);
  const totalMs = settings.duration * 1000;
  const looks = new Map(platform.urls.map((url) => [url, []]));
  while (Date.now() - startedAt < totalMs) {
    for (const url of platform.urls) looks.get(url).push(look(platform, url, (Date.now() - startedAt) / totalMs));
    await later(settings.sampleSeconds * 1000);
  }
  const worst = { memory: 0, read: 0 };
  for (const [url, of] of looks) {
    const [early, late] = [
      of.filter(({ elapsed }) => elapsed >= 0.25 && elapsed < 0.5),
      of.filter(({ elapsed }) => elapsed >= 0.75),
    ];
    if (early.length === 0 || late.length === 0) fault(`${url}: too few looks`);
    worst.memory = Math.max(worst.memory, grown(early, late, 'bytes'));
    worst.read = Math.max(worst.read, grown(early, late, 'readIn'));
    compared.add(1);
  }
  memoryGrowth.add(worst.memory);
  slowdown.add(worst.read);
};

const grown = (early, late, member) =>
  median(late.map((each) => each[member])) / median(early.map((each) => each[member]));

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const teardown = ({ run, raised }) => {
  const platform = openPlatform(settings);
  cleanUpJobs(platform, run);
  putBack(platform, raised);
};

export const handleSummary = summarise({
  title: 'Soak',
  reasons,
  sections: (valueOf) => [
    {
      title: 'Drift',
      note: 'Medians of the last quarter over those of the second, of the replica that changed most.',
      head: ['', 'Value'],
      rows: [
        ['memory', valueOf('soak_memory_growth', 'value')],
        ['time of a read', valueOf('soak_slowdown', 'value')],
        ['least memory of a replica, MiB', valueOf('soak_memory_megabytes', 'min')],
        ['most memory of a replica, MiB', valueOf('soak_memory_megabytes', 'max')],
        ['jobs seen through', valueOf('soak_jobs_seen_through', 'count') ?? 0],
        ['faults', valueOf('soak_faults', 'count') ?? 0],
      ],
    },
  ],
  facts: {
    Platform: settings.urls.join(', '),
    Load: `${settings.jobsPerSecond} jobs and ${settings.readsPerSecond} reads a second for ${settings.duration} s`,
  },
  file: settings.report,
});
