import { createWriteStream, readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { IncomingMessage } from 'node:http';
import type { Cluster } from './cluster.ts';
import type { RunningSubject } from './subject.ts';

/** Of the API server's work, from its beginning: it answers no sooner. */
const apiServerSeconds = 15;

/** Profiles of the processor's time while the work runs: of the subject and what it needs for Chrome's developer tools, of the API server for `go tool pprof`. `path` begins their names. */
export const profiled = async (
  path: string,
  { plane }: Cluster,
  { inspector, others }: RunningSubject,
  work: () => Promise<void>,
): Promise<void> => {
  let inner = work;
  for (const [name, each] of Object.entries({ ...others, '': inspector })) {
    const whole = inner;
    if (each !== null) inner = () => each.profile(`${path}${name === '' ? '' : `-${name}`}.cpuprofile`, whole);
  }
  const agent = new Agent({ ca: readFileSync(plane.caFile) });
  const ofApiServer = async (): Promise<void> => {
    const url = new URL(`/debug/pprof/profile?seconds=${apiServerSeconds}`, plane.url);
    const headers = { authorization: `Bearer ${plane.adminToken}` };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { agent, headers }, resolve).on('error', reject);
    });
    await pipeline(answer, createWriteStream(`${path}-api-server.pprof`));
  };
  await Promise.all([inner(), ofApiServer()]);
  agent.destroy();
};
