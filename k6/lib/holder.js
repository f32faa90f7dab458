// Users that hold places of a concurrency limit: each watches jobs that sleep, more often at a time than the limit allows, until the job is cancelled.
import { cancelJobLater } from './jobs.js';
import { later } from './platform.js';
import { outcomeOf } from './user.js';

/** Spread over so many milliseconds, as users are. */
const arrivalMs = 300;
/** Refusals come at once: whoever waits longer for them is not refused. */
const patienceMs = 5_000;
/** How long after the end of a stream its place may be taken still: giving it back is one command to the store, of which nobody waits for the answer. */
export const freedMs = 1_000;

/**
 * One round for each job: `asked` watchers at once, and when all but `limit` have an answer the job is cancelled, which ends the rest. Answers the trace that `judgeHeld` takes,
 * and what of it was not about the policy.
 */
export const holdRounds = async ({ platform, jobs, headers, asked, limit, policyName }) => {
  const seen = { trace: [], byOthers: [], errors: [], malformed: [] };
  for (const job of jobs) {
    const round = { answered: 0, endAsked: null };
    const watchers = [];
    for (let index = 0; index < asked; index += 1) {
      // In turn for each user: the turn of the platform is shared by all, who then could stay with one replica each.
      const url = platform.urls[index % platform.urls.length];
      watchers.push(watchOnce({ platform, url, job, headers: headers(), policyName, round, seen }));
      await later(arrivalMs / asked);
    }
    const end = Date.now() + patienceMs;
    while (round.answered < asked - limit && Date.now() < end) await later(20);
    round.endAsked = Date.now();
    await cancelJobLater(platform, job);
    await Promise.all(watchers);
    await later(freedMs);
  }
  return seen;
};

const watchOnce = async ({ platform, url, job, headers, policyName, round, seen }) => {
  const accept = { Accept: 'text/event-stream' };
  const sent = Date.now();
  const response = await platform
    .requestAsync('GET', `/v1/jobs/${job}/events`, 'watchJob', { url, headers: { ...accept, ...headers } })
    .catch((error) => ({ status: 0, error: String(error), headers: {}, body: null }));
  const received = Date.now();
  round.answered += 1;
  const { byOthers, error, malformed, admitted } = outcomeOf(response, policyName);
  if (byOthers !== undefined) return void seen.byOthers.push(byOthers);
  // Until when its place was held, nobody outside knows.
  const early = admitted === true && round.endAsked === null;
  if (error !== undefined || early) seen.errors.push(error ?? 'a stream ended before its job');
  if (malformed !== undefined) seen.malformed.push(malformed);
  const begun = received - (response.timings?.receiving ?? 0);
  seen.trace.push({ sent, begun, endAsked: round.endAsked, received, admitted: early ? null : admitted });
};
