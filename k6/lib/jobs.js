// Jobs of a run: small, found again by a label, and removed at its end.

const labelKey = 'load-test';
const parameters = { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' };

const job = (run, spec) => ({
  labels: { [labelKey]: run },
  spec: { serviceRef: { name: 'european-option' }, parameters, seed: '42', shards: 1, ...spec },
});

/** Is accepted, and starts nothing: what is measured is the submission. */
export const sleepingJob = (run) => job(run, { maxPaths: '1000', suspend: true });

/** One block: over in a moment. */
export const shortJob = (run) => job(run, { maxPaths: '1000' });

/** Runs for so many seconds on one processor, however fast that is, and then ends by its deadline. */
export const jobOfSeconds = (run, seconds) =>
  job(run, { maxPaths: '9000000000000000', activeDeadlineSeconds: Math.ceil(seconds) });

export const createJob = (platform, body) => platform.need(201, 'POST', '/v1/jobs', 'createJob', { body });

/** A promise: nothing else of this virtual user waits for it. */
export const cancelJobLater = async (platform, id) => {
  const response = await platform.requestAsync('POST', `/v1/jobs/${id}:cancel`, 'cancelJob');
  if (![200, 202].includes(response.status)) throw new Error(`cancelJob: ${response.status} ${response.body}`);
};

const isOver = ({ state }) => ['Succeeded', 'Failed', 'Cancelled'].includes(state);

/** Ends and deletes every job of the run. */
export const cleanUpJobs = (platform, run) => {
  for (let round = 0; round < 100; round += 1) {
    const filter = `label=${encodeURIComponent(`${labelKey}=${run}`)}`;
    const { items } = platform.need(200, 'GET', `/v1/jobs?limit=100&${filter}`, 'listJobs');
    if (items.length === 0) return;
    for (const each of items) {
      if (!isOver(each)) platform.need([200, 202, 409], 'POST', `/v1/jobs/${each.id}:cancel`, 'cancelJob');
      // 409: not over yet; the next round finds it again.
      platform.need([204, 404, 409], 'DELETE', `/v1/jobs/${each.id}`, 'deleteJob');
    }
  }
  throw new Error(`jobs with the label ${labelKey}=${run} are left`);
};

/** The events of a job that is over, by server-sent events: {id, event} each. */
export const historyOf = (platform, id) => {
  const response = platform.request('GET', `/v1/jobs/${id}/events`, 'watchJob', {
    headers: { Accept: 'text/event-stream' },
    timeout: '120s',
  });
  if (response.status !== 200) throw new Error(`watchJob: ${response.status} ${response.body}`);
  return response.body
    .split('\n\n')
    .map((text) => ({ id: Number(/^id: ?(.*)$/m.exec(text)?.[1]), data: /^data: ?(.*)$/m.exec(text)?.[1] }))
    .filter(({ data }) => data !== undefined)
    .map(({ id, data }) => ({ id, event: JSON.parse(data) }));
};

/** Names a run, and by that its jobs and policies. */
export const drawRun = () => `${Date.now().toString(36)}-${Math.floor(Math.random() * 1e6).toString(36)}`;
