// `helm test`: runs a job with one right answer through the API, on pods of the cluster, and checks it. Leaves nothing behind.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const { SIMFLEET_URL: url, CUSTOMER: customer, TIMEOUT_SECONDS: seconds, TOKEN_FILE: tokenFile } = process.env;
const token = readFileSync(tokenFile, 'utf8').trim();
const deadline = Date.now() + Number(seconds) * 1000;

const send = async (method, path, body) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
};

/** Throws the detail of the problem unless the status is one of these. */
const sent = async (method, path, body, ...statuses) => {
  const answer = await send(method, path, body);
  if (statuses.includes(answer.status)) return answer.body;
  throw new Error(`${method} ${path}: ${answer.status} ${answer.body?.detail ?? ''}`);
};

const waitFor = async (what, condition) => {
  for (let last = null; ; await sleep(1000)) {
    const outcome = await condition().catch((error) => void (last = error));
    if (outcome) return outcome;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`, { cause: last });
  }
};

/** There are 78,498 primes up to 1,000,000. */
const spec = { serviceRef: { name: 'prime-sieve' }, parameters: { limit: 1_000_000 }, shards: 2 };
const right = 78_498;

await waitFor('the platform is ready', async () => (await send('GET', '/readyz')).status === 200);
await sent('POST', '/v1/customers', { id: customer, displayName: 'helm test' }, 201, 409);
const { id } = await sent('POST', '/v1/jobs', { customer, name: `helm-test-${Date.now()}`, spec }, 201);
console.log(`job ${id} of customer ${customer}`);
try {
  const job = await waitFor('the job is over', async () => {
    const { state, ...rest } = await sent('GET', `/v1/jobs/${id}`, undefined, 200);
    return ['Succeeded', 'Failed', 'Cancelled'].includes(state) && { state, ...rest };
  });
  const value = job.estimates[0]?.value;
  if (job.state !== 'Succeeded' || value !== right)
    throw new Error(`${job.state} (${job.stopReason}): ${job.message ?? ''} value ${value}, expected ${right}`);
  console.log(`Succeeded: ${value} primes up to 1,000,000, digest ${job.resultDigest}`);
} finally {
  await send('POST', `/v1/jobs/${id}:cancel`, {});
  await waitFor('the job is deleted', async () =>
    [200, 204, 404].includes((await send('DELETE', `/v1/jobs/${id}`)).status),
  );
  await waitFor('the customer is deleted', async () =>
    [200, 204, 404].includes((await send('DELETE', `/v1/customers/${customer}`)).status),
  );
}
