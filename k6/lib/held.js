// How many requests a concurrency limit let be under way at a time, from what a client saw. No clock and no I/O.
//
// A trace: [{sent, begun, endAsked, received, admitted}], milliseconds of one clock. `begun`: the answer began, so the place was held. `endAsked`: the client did what
// ends the request, so until then the place was held. `received`: the answer was over. Of a refused one only `sent` and `received` matter.

/**
 * `freedMs`: how long after the end of its answer a place may still be taken. `most`: the most that were surely under way at a time; `over`: beyond the limit;
 * `wronglyRefused`: refusals while no order of beginnings and ends within the times seen had all places taken.
 */
export const judgeHeld = (limit, trace, freedMs) => {
  const admitted = trace.filter((one) => one.admitted === true);
  const refused = trace.filter((one) => one.admitted === false);
  // Both ends are cut off to the millisecond: strictly inside.
  const surely = admitted.map(({ begun, endAsked }) => ({ from: begun + 1, to: endAsked - 1 }));
  const perhaps = trace
    .filter((one) => one.admitted !== false)
    .map(({ sent, received }) => ({ from: sent - 1, to: received + freedMs + 1 }));
  const most = mostAtOnce(surely);
  return {
    admitted: admitted.length,
    refused: refused.length,
    most,
    over: Math.max(0, most - limit),
    wronglyRefused: refused.filter(({ sent, received }) => mostWithin(perhaps, sent, received) < limit).length,
  };
};

const at = (intervals, time) => intervals.filter(({ from, to }) => from <= time && time < to).length;

/** It grows only where one begins. */
const mostAtOnce = (intervals) => Math.max(0, ...intervals.map(({ from }) => at(intervals, from)));

const mostWithin = (intervals, start, end) => {
  const begins = intervals.map(({ from }) => from).filter((from) => from > start && from <= end);
  return Math.max(...[start, ...begins].map((time) => at(intervals, time)));
};
