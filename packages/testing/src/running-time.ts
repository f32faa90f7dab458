const tickMs = 5;
/** What one look vouches for at most, in milliseconds: several ticks, as timers are late by a few on a machine at rest too. */
const mostMs = 20;

/**
 * A watch of the milliseconds in which the event loop of this process turned: it stands still while the process has no processor or is busy with one
 * thing. For bounds on how long something waits, which a machine that does other things as well must not break. Keeps no process.
 */
export const runningTime = (): (() => number) => {
  let [counted, last] = [0, performance.now()];
  const look = (): number => {
    const now = performance.now();
    counted += Math.min(now - last, mostMs);
    last = now;
    return counted;
  };
  setInterval(look, tickMs).unref();
  return look;
};
