// A simulation of one's own, whole in one file without a dependency: will an insurer be ruined? Read from the end: `main` is the report protocol,
// `runBlock` the simulation. The rule that makes answers reproducible: a block's result depends on parameters, seed and block alone, to the last
// bit. So every path draws from a generator of its own, and nothing but + − × ÷ is used (Math.exp and its like differ between machines).
import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded by the job's seed and the number of the path: uniform in [0, 1). */
const generator = (seed, path) => {
  const [low, high] = [Number(seed & 0xffffffffn), Number(seed >> 32n)];
  let [a, b, c, counter] = [low | 0, (high ^ Math.floor(path / 2 ** 32)) | 0, path | 0, 1];
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 15; round++) next();
  return next;
};

/** Every month premiums come in, and with some probability a claim of up to `largestClaim`. Ends with the capital that is left. */
const runPath = ({ capital, premium, claimProbability, largestClaim, months }, next) => {
  let left = capital;
  for (let month = 0; month < months && left >= 0; month++) {
    left += premium;
    if (next() < claimProbability) left -= largestClaim * next();
  }
  return left;
};

/** Count, mean and squared distances from the mean, one value after the other (Welford 1962). */
const openMoments = () => {
  let [count, mean, m2, nonZero] = [0, 0, 0, 0];
  return {
    add(value) {
      count += 1;
      const distance = value - mean;
      mean += distance / count;
      m2 += distance * (value - mean);
      if (value !== 0) nonZero += 1;
    },
    result: () => ({ mean, m2, nonZero }),
  };
};

/** Paths `block · blockSize` … of the job; the last block is short when `maxPaths` is no multiple of the size. */
const runBlock = ({ parameters, seed, blockSize, maxPaths }, block) => {
  const first = block * blockSize;
  const paths = Math.min(blockSize, (maxPaths ?? Infinity) - first);
  const [ruin, capital] = [openMoments(), openMoments()];
  for (let path = first; path < first + paths; path++) {
    const left = runPath(parameters, generator(BigInt(seed), path));
    ruin.add(left < 0 ? 1 : 0);
    capital.add(left < 0 ? 0 : left);
  }
  return { kind: 'moments', paths, metrics: { ruin: ruin.result(), capital: capital.result() } };
};

/** Parameters that make no sense end the job: exit code 42 says that no other pod can help. */
const mistakeIn = (parameters) => {
  const names = ['capital', 'premium', 'claimProbability', 'largestClaim', 'months'];
  const wrong = names.find((name) => !(Number.isFinite(parameters[name]) && parameters[name] >= 0));
  return wrong === undefined ? null : `parameter ${wrong} must be a number of 0 or more`;
};

/** Says the last word, where `kubectl describe pod` shows it too, and ends. */
const end = (code, message) => {
  console.log(message);
  try {
    writeFileSync('/dev/termination-log', message, { flag: 'r+' });
  } catch {
    // Not in a pod.
  }
  process.exit(code);
};

const { SIMFLEET_URL, SIMFLEET_JOB_ID, SIMFLEET_SHARD, SIMFLEET_ATTEMPT, SIMFLEET_TOKEN_FILE } = process.env;

/** Sends one report until it is answered: a report is idempotent. Refusals are final, but for a platform that is busy or restarts. */
const report = async (token, body) => {
  for (let waitMs = 100; ; waitMs = Math.min(5000, waitMs * 2)) {
    try {
      const response = await fetch(`${SIMFLEET_URL}/v1/jobs/${SIMFLEET_JOB_ID}/reports`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ shard: Number(SIMFLEET_SHARD), attempt: Number(SIMFLEET_ATTEMPT || 0), ...body }),
        signal: AbortSignal.timeout(10_000),
      });
      if (response.ok) return await response.json();
      const isFinal = response.status < 500 && response.status !== 408 && response.status !== 429;
      if (isFinal) end(1, `the platform refused the report: ${response.status} ${await response.text()}`);
    } catch (error) {
      console.log(`cannot report, trying again: ${error.cause?.message ?? error.message}`);
    }
    await setTimeout(waitMs * (0.5 + Math.random() / 2));
  }
};

const main = async () => {
  let leaving = false;
  process.on('SIGTERM', () => (leaving = true));
  const token = readFileSync(SIMFLEET_TOKEN_FILE, 'utf8').trim();
  let reply = await report(token, { describe: true });
  const { task } = reply;
  if (task !== undefined) {
    const mistake = mistakeIn(task.parameters);
    if (mistake !== null) end(42, mistake);
  }
  while (reply.action !== 'stop') {
    const done = [];
    const { first, count } = reply.lease ?? { first: 0, count: 0 };
    for (let block = first; block < first + count && !leaving; block++) {
      done.push({ block, result: runBlock(task, block) });
      await setImmediate(); // lets a signal be seen
    }
    if (count === 0 && !leaving) await setTimeout(reply.retryAfterMs ?? 100);
    reply = await report(token, { done, ...(leaving ? { release: true } : {}) });
    if (leaving) end(143, 'left when asked: results and lease are handed in');
  }
  end(0, 'the job is over');
};

await main();
