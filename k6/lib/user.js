// One user of the platform, seen by one virtual user: sends requests at given times without waiting for answers, and keeps what became of each.
import { later } from './platform.js';
import { parsed } from './platform.js';
import { violated } from './policies.js';

/**
 * Sends one request at each of `times` (milliseconds of this machine's clock) and waits for the last answer. Answers the trace that
 * `judge` takes, and what of it was not about the policy: refusals by others, which cost this policy nothing, and errors.
 */
export const sendAt = async (times, send, policyName) => {
  const trace = [];
  const seen = { byOthers: [], errors: [], malformed: [], durations: [] };
  const one = async () => {
    const sent = Date.now();
    const response = await send().catch((error) => ({ status: 0, error: String(error), headers: {}, body: null }));
    const received = Date.now();
    const outcome = outcomeOf(response, policyName);
    if (outcome.byOthers !== undefined) return void seen.byOthers.push(outcome.byOthers);
    if (outcome.error !== undefined) seen.errors.push(outcome.error);
    if (outcome.malformed !== undefined) seen.malformed.push(outcome.malformed);
    if (outcome.admitted !== null) seen.durations.push({ ms: response.timings.duration, admitted: outcome.admitted });
    trace.push({ sent, received, admitted: outcome.admitted });
  };
  const answers = [];
  for (const time of times) {
    const wait = time - Date.now();
    if (wait > 0) await later(wait);
    answers.push(one());
  }
  await Promise.all(answers);
  return { trace, ...seen };
};

/** Admitted is whatever got behind the limit, however it ended there; null is an answer from which that cannot be told. */
export const outcomeOf = (response, policyName) => {
  const { status } = response;
  if (status === 429) {
    const names = violated(parsed(response));
    if (!names.includes(policyName)) return { byOthers: names.join(' ') || 'nobody' };
    const after = Number(response.headers['Retry-After']);
    const bad = Number.isInteger(after) && after >= 1 ? {} : { malformed: 'Retry-After is missing' };
    return { admitted: false, ...bad };
  }
  if (status >= 200 && status < 500) return { admitted: true };
  return { admitted: null, error: `${status} ${response.error ?? ''}`.trim() };
};

/** Times of a steady stream: the n-th request at its own time, however late the one before was. */
export const steadily = (start, perSecond, seconds) =>
  Array.from({ length: Math.ceil(perSecond * seconds) }, (_, index) => start + (index * 1000) / perSecond);

/** Many at once. */
export const atOnce = (start, count) => Array.from({ length: count }, () => start);
