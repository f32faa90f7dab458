// Policies of rate limits: made for a run and removed after it, raised for a run and put back.

const path = '/v1/rate-limit-policies';
/** By which the policies of runs that never ended are found. */
const mark = 'Made by a load test; it goes when the test ends.';
const prefix = 'load-test-';

/** What `judge` needs to know, out of a policy as the API tells it. Throws for one with an allotment, which admits more by replicas that are not known here. */
export const judged = ({ name, allotment, rule: { algorithm, limit, windowSeconds, burst } }) => {
  if (allotment !== undefined) throw new Error(`${name} has an allotment: its bound depends on the number of replicas`);
  return { algorithm, limit, windowMs: Math.round(windowSeconds * 1000), ...(burst === undefined ? {} : { burst }) };
};

const all = (platform) => {
  const found = [];
  for (let cursor = null; ;) {
    const more = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = platform.need(200, 'GET', `${path}?limit=100${more}`, 'listRateLimitPolicies');
    found.push(...page.items);
    cursor = page.next;
    if (!cursor) return found;
  }
};

export const findPolicy = (platform, name) => platform.need(200, 'GET', `${path}/${name}`, 'getRateLimitPolicy');

/** Makes a policy and answers it as the API tells it. */
export const createPolicy = (platform, name, { operations, per, rule }) =>
  platform.need(201, 'POST', path, 'createRateLimitPolicy', {
    // Loss of the store would make any number right or wrong: then nothing is admitted, and the run says so.
    body: {
      name: `${prefix}${name}`,
      description: mark,
      measure: 'requests',
      per,
      operations,
      rule,
      onStoreLoss: 'closed',
    },
  });

export const removePolicies = (platform, names) => {
  for (const name of names)
    platform.need([204, 404], 'DELETE', `${path}/${name}`, 'deleteRateLimitPolicy', unconditional);
};

/** Whatever its version is. */
const unconditional = { headers: { 'If-Match': '*' } };

/** Takes away what runs of more than an hour ago left behind, for they were killed. */
export const removeLeftOvers = (platform) => {
  const old = Date.now() - 3_600_000;
  const left = all(platform).filter(
    ({ name, description, createdAt }) =>
      name.startsWith(prefix) && description === mark && Date.parse(createdAt) < old,
  );
  removePolicies(
    platform,
    left.map(({ name }) => name),
  );
};

/** So much that no run reaches it; a bucket takes limit × window below 2^53. */
const raisedLimit = 1_000_000_000;
/** What a raised policy was is in its description, so that it can be put back even if the run that raised it was killed. */
const raisedMark = 'Raised by a load test until that ends. It was ';

const before = ({ rule, description }) =>
  description.startsWith(raisedMark) ? JSON.parse(description.slice(raisedMark.length)) : { rule, description };

/**
 * Raises policies out of the way of what is measured, and answers what `putBack` needs. One that a run left raised is known for what it was before. Throws
 * for a policy that is not there.
 */
export const raise = (platform, names) =>
  names.map((name) => {
    const was = before(findPolicy(platform, name));
    const { burst, ...others } = was.rule;
    const rule = { ...others, limit: raisedLimit, ...(burst === undefined ? {} : { burst: raisedLimit }) };
    patch(platform, name, { rule, description: `${raisedMark}${JSON.stringify(was)}` });
    return { name, was };
  });

export const putBack = (platform, raised) => {
  for (const { name, was } of raised) patch(platform, name, was);
};

const patch = (platform, name, body) =>
  platform.need(200, 'PATCH', `${path}/${name}`, 'changeRateLimitPolicy', { body, ...unconditional });

/** What `RateLimit` says of a policy: {remaining, resetSeconds}, or null where it says nothing. */
export const told = (response, name) => {
  const item = (response.headers['Ratelimit'] ?? '').split(',').find((each) => each.trim().startsWith(`"${name}"`));
  if (item === undefined) return null;
  const number = (key) => Number(new RegExp(`;${key}=(\\d+)`).exec(item)?.[1] ?? 0);
  return { remaining: number('r'), resetSeconds: number('t') };
};

/** Names of the policies that refused. */
export const violated = (problem) => problem?.['violated-policies'] ?? [];
