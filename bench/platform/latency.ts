import { pause, european, onPlatform, warmPids } from './workbench.ts';
import type { Workbench } from './workbench.ts';
import { shown, spreadOf, timed } from './statistics.ts';

const submitAndWait = async ({ client }: Workbench, seed: number): Promise<void> => {
  const { id } = await client.create(european({ maxPaths: '1000', seed: String(seed) }));
  await client.result(id);
};

/** A job of one tiny block, from its submission to its result at the client, with a process waiting for it. */
export const warmJobs = (): Promise<string> =>
  onPlatform({}, async (bench) => {
    await warmPids(bench.platform, 2);
    const times: number[] = [];
    for (let job = 0; job < 120; job++) times.push(await timed(() => submitAndWait(bench, job)));
    // The first ones also warm the code of the platform itself.
    return shown(spreadOf(times.slice(20)), 'ms');
  });

/** The same when every process has just been killed: a new one has to start. */
export const coldJobs = (): Promise<string> =>
  onPlatform({ slots: 1 }, async (bench) => {
    await warmPids(bench.platform, 1);
    for (let job = 0; job < 20; job++) await submitAndWait(bench, job);
    const times: number[] = [];
    for (let job = 0; job < 9; job++) {
      const pids = await warmPids(bench.platform, 1);
      pids.forEach((pid) => process.kill(pid, 'SIGKILL'));
      times.push(await timed(() => submitAndWait(bench, job)));
    }
    return shown(spreadOf(times), 'ms', 0);
  });

/** From the start of the process to its ready line; the files are in the page cache, the data directory is new. */
export const readyTimes = async (): Promise<string> => {
  const times: number[] = [];
  for (let start = 0; start < 7; start++) {
    const started = performance.now();
    await onPlatform({}, async () => times.push(performance.now() - started));
    await pause(100);
  }
  return shown(spreadOf(times), 'ms', 0);
};

const queued = 2_000;

/** A page of the list while 2,000 jobs wait. */
export const lists = (): Promise<string> =>
  onPlatform({ slots: 1 }, async ({ client }) => {
    await client.create(european({ maxPaths: '9000000000000' }));
    const waiting = Array.from({ length: queued }, (_, job) => european({ maxPaths: '1000', seed: String(job) }));
    const submitted = await timed(async () => {
      for (let first = 0; first < queued; first += 50) {
        await Promise.all(waiting.slice(first, first + 50).map((job) => client.create(job)));
      }
    });
    await pause(1_000);
    const times: number[] = [];
    for (let round = 0; round < 100; round++) {
      times.push(await timed(() => client.request('GET', '/v1/jobs?state=Queued&limit=50')));
    }
    return `${shown(spreadOf(times), 'ms')}; submitted ${Math.round((1000 * queued) / submitted)} jobs/s`;
  });
