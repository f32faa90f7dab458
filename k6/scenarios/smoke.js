// Does everything answer? Every public operation once, and one job from its creation to its deletion, watched on the way. Less than a minute.
//
//   SIMFLEET_URL           addresses of the platform, separated by commas (or SIMFLEET_URLS)
//   SIMFLEET_SOCKETS_URL   address of its WebSockets (or SIMFLEET_SOCKETS_URLS)
//   SIMFLEET_TOKEN         an administrator's token: customers, services and policies are made and removed
//   LOAD_ANSWER_P95_MS     threshold of an answer; 1 … 60000, default 1000
//   LOAD_JOB_SECONDS       threshold from the creation of a small job to its result; 1 … 3600, default 30
//   LOAD_RAISE_LIMITS, LOAD_FORWARDED, LOAD_REPORT   see k6/README.md
import { Counter, Trend } from 'k6/metrics';
import { readGoals } from '../lib/goals.js';
import { cleanUpJobs, drawRun, historyOf, shortJob, sleepingJob } from '../lib/jobs.js';
import { later, openPlatform, parsed } from '../lib/platform.js';
import { summarise } from '../lib/report.js';
import { readSettings, whole } from '../lib/settings.js';
import { watch } from '../lib/watcher.js';

const settings = readSettings(
  {
    LOAD_ANSWER_P95_MS: { kind: whole(1, 60_000), unset: '1000' },
    LOAD_JOB_SECONDS: { kind: whole(1, 3600), unset: '30' },
  },
  { sockets: true },
);

const touched = new Counter('smoke_operations');
const wrong = new Counter('smoke_wrong_answers');
const untouched = new Counter('smoke_operations_left_out');
const finished = new Counter('smoke_finished');
const answered = new Trend('smoke_answer', true);
const jobTime = new Trend('smoke_job', true);
const watchFaults = new Counter('smoke_watch_faults');

const { thresholds, reasons } = readGoals({
  smoke_wrong_answers: [['count==0', 'Every operation answers as documented.']],
  smoke_operations_left_out: [
    ['count==0', 'An operation of the OpenAPI document that is not tried here is one that nobody tried.'],
  ],
  smoke_watch_faults: [['count==0', 'The watcher of the job had each event once, up to the result.']],
  smoke_finished: [['count==1', 'The script came to its end.']],
  smoke_answer: [
    [
      `p(95)<${settings.answerP95Ms}`,
      'One request at a time is answered within what feels immediate, cold caches included.',
    ],
  ],
  smoke_job: [
    [
      `max<${settings.jobSeconds * 1000}`,
      'A job of one block takes a moment; where a pod has to start for it, some seconds.',
    ],
  ],
});

export const options = {
  scenarios: { smoke: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '3m' } },
  thresholds,
  summaryTrendStats: ['min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
  teardownTimeout: '2m',
};

export const setup = () => ({ run: drawRun() });

/** Operations that take the token of a job or of an operator, or that need a thing that no smoke test makes. */
const notOurs = ['reportBlocks'];

const openVisit = (platform) => {
  const visited = new Set();
  /** Asks, notes the operation, and answers the body. */
  const visit = (operation, method, path, wanted, options) => {
    const response = platform.request(method, path, operation, { ...options });
    visited.add(operation);
    touched.add(1);
    answered.add(response.timings.duration);
    if ([wanted].flat().includes(response.status)) return parsed(response);
    wrong.add(1);
    console.warn(`${operation}: ${response.status} instead of ${wanted}: ${String(response.body).slice(0, 300)}`);
    return null;
  };
  return { visit, visited };
};

const walkCatalogue = (visit, run) => {
  const customer = `load-test-${run}`;
  visit('createCustomer', 'POST', '/v1/customers', 201, { body: { id: customer } });
  visit('listCustomers', 'GET', '/v1/customers?limit=2', 200);
  visit('getCustomer', 'GET', `/v1/customers/${customer}`, 200);
  visit('changeCustomer', 'PATCH', `/v1/customers/${customer}`, 200, { body: { displayName: 'Load test' } });
  visit('listCustomerServices', 'GET', `/v1/customers/${customer}/services?limit=2`, 200);
  visit('deleteCustomer', 'DELETE', `/v1/customers/${customer}`, 204);
  const service = `load-test-${run}`;
  const spec = { description: 'Load test', engine: 'european-option' };
  visit('createService', 'POST', '/v1/services', 201, { body: { name: service, spec } });
  visit('listServices', 'GET', '/v1/services?limit=2', 200);
  visit('getService', 'GET', `/v1/services/${service}`, 200);
  visit('replaceService', 'PUT', `/v1/services/${service}`, 200, {
    body: { spec: { ...spec, description: 'Another' } },
  });
  visit('changeService', 'PATCH', `/v1/services/${service}`, 200, { body: { labels: { test: 'load' } } });
  visit('listServiceVersions', 'GET', `/v1/services/${service}/versions?limit=2`, 200);
  visit('getServiceVersion', 'GET', `/v1/services/${service}/versions/1`, 200);
  visit('deleteService', 'DELETE', `/v1/services/${service}`, 204);
};

const walkPolicies = (visit, run) => {
  const name = `load-test-${run}`;
  const rule = { algorithm: 'token-bucket', limit: 1000, windowSeconds: 60 };
  // In shadow: it refuses nobody.
  const body = { name, measure: 'requests', per: 'address', operations: ['listDeadLetters'], rule, shadow: true };
  visit('createRateLimitPolicy', 'POST', '/v1/rate-limit-policies', 201, { body });
  visit('listRateLimitPolicies', 'GET', '/v1/rate-limit-policies?limit=2', 200);
  visit('getRateLimitPolicy', 'GET', `/v1/rate-limit-policies/${name}`, 200);
  visit('changeRateLimitPolicy', 'PATCH', `/v1/rate-limit-policies/${name}`, 200, {
    body: { description: 'Load test' },
  });
  visit('deleteRateLimitPolicy', 'DELETE', `/v1/rate-limit-policies/${name}`, 204);
};

/** A job that sleeps, taken through every action. */
const walkActions = (visit, run) => {
  const job = visit('createJob', 'POST', '/v1/jobs', 201, { body: sleepingJob(run) });
  if (job === null) return;
  const path = `/v1/jobs/${job.id}`;
  visit('getJob', 'GET', path, 200);
  visit('listJobs', 'GET', `/v1/jobs?limit=2&label=${encodeURIComponent(`load-test=${run}`)}`, 200);
  visit('changeJob', 'PATCH', path, 200, { body: { labels: { test: 'load' } } });
  visit('suspendJob', 'POST', `${path}:suspend`, [200, 202]);
  visit('extendJob', 'POST', `${path}:extend`, [200, 202], { body: { maxPaths: '2000' } });
  visit('resumeJob', 'POST', `${path}:resume`, [200, 202]);
  visit('cancelJob', 'POST', `${path}:cancel`, [200, 202, 409]);
  visit('readJobLogs', 'GET', `${path}/logs?limit=10`, 200);
};

/** Create, watch over both kinds of stream, read the result. */
const seeThrough = async (platform, visit, run) => {
  const started = Date.now();
  const body = shortJob(run);
  visit('estimateJob', 'POST', '/v1/jobs:estimate', 200, { body });
  const job = visit('createJob', 'POST', '/v1/jobs', 201, { body });
  if (job === null) return;
  const ids = [];
  const seen = {
    ...{ opened() {}, delayed() {}, closed() {} },
    event: ({ id }) => ids.push(id),
    gap: (count) => watchFaults.add(count),
    repeat: () => watchFaults.add(1),
  };
  const signal = {};
  const patience = setTimeout(() => signal.abort(), 2 * settings.jobSeconds * 1000);
  const { socketUrls, token } = settings;
  try {
    const { last } = await watch({ urls: socketUrls, first: 0, token, headers: {}, job: job.id, seen, signal });
    jobTime.add(Date.now() - started);
    const history = historyOf(platform, job.id);
    visit('watchJob', 'GET', `/v1/jobs/${job.id}/events`, [200, 204], { headers: { 'Last-Event-ID': String(last) } });
    if (history.length !== last || ids.length !== last) watchFaults.add(1);
  } catch (reason) {
    watchFaults.add(1);
    console.warn(`watching ${job.id}: ${reason}`);
  } finally {
    clearTimeout(patience);
  }
  visit('getJobResult', 'GET', `/v1/jobs/${job.id}/result`, 200);
  visit('deleteJob', 'DELETE', `/v1/jobs/${job.id}`, 204);
};

const walkDeadLetters = (visit) => {
  visit('listDeadLetters', 'GET', '/v1/events/dead?limit=2', 200);
  // There should be none to try these on.
  const none = '/v1/events/dead/00000000-0000-0000-0000-000000000000';
  visit('replayDeadLetter', 'POST', `${none}:replay`, [400, 404]);
  visit('discardDeadLetter', 'DELETE', none, [400, 404]);
};

export default async ({ run }) => {
  const platform = openPlatform(settings);
  const { visit, visited } = openVisit(platform);
  visit('getHealth', 'GET', '/healthz', 200);
  visit('getReadiness', 'GET', '/readyz', 200);
  visit('metrics', 'GET', '/metrics', 200);
  visit('docs', 'GET', '/docs', [200, 301, 302, 303, 307, 308]);
  walkCatalogue(visit, run);
  walkPolicies(visit, run);
  walkActions(visit, run);
  await later(0);
  await seeThrough(platform, visit, run);
  walkDeadLetters(visit);
  const document = visit('openapi', 'GET', '/openapi.json', 200);
  const operations = Object.values(document?.paths ?? {}).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  const left = operations.filter(
    (operation) => operation !== undefined && !visited.has(operation) && !notOurs.includes(operation),
  );
  untouched.add(document === null ? 1 : left.length);
  if (left.length > 0) console.warn(`not tried: ${left.join(', ')}`);
  finished.add(1);
};

export const teardown = ({ run }) => cleanUpJobs(openPlatform(settings), run);

export const handleSummary = summarise({
  title: 'Smoke',
  reasons,
  sections: (valueOf) => [
    {
      title: 'Operations',
      note: 'Each once, and one job from its creation to its deletion.',
      head: ['', 'Count'],
      rows: [
        ['answers', valueOf('smoke_operations', 'count') ?? 0],
        ['wrong ones', valueOf('smoke_wrong_answers', 'count') ?? 0],
        ['operations left out', valueOf('smoke_operations_left_out', 'count') ?? 0],
        ['milliseconds from creation to result of a small job', valueOf('smoke_job', 'max')],
      ],
    },
  ],
  facts: { Platform: settings.urls.join(', '), WebSockets: settings.socketUrls.join(', ') },
  file: settings.report,
});
