// How fast SimulationJobs are reconciled, beside a minimal reconciler in Go on the same control plane, and what they cost in requests, memory and at rest.
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { controlPlaneMissing, natsServer, postgresMissing } from '@simfleet/testing';
import { Goals } from '../figures/goals.ts';
import { machine } from '../figures/machine.ts';
import { quantile, shown, spreadOf } from '../figures/spread.ts';
import { budgets } from './budget.ts';
import { burst, type Burst } from './burst.ts';
import { operator } from './full.ts';
import { peerMissing } from './peer.ts';
import { scale } from './scale.ts';
import type { Subject } from './subject.ts';
import { minimal, peer, sameWrites } from './subjects.ts';

const usage = `node bench/operator/main.ts [--rounds 5] [--count 1000] [--objects 10000] [--edits 500] [--rest 60] [--controller-manager] [--profiles directory] [--no-peer] [burst] [scale] [budget]
burst: SimulationJobs created at once, 32 in flight, until each has a child Job and a written status; operator, our runtime with the peer's reconciler, the
peer, and the peer with the operator's writes in turns, each with a control plane of its own. --profiles keeps profiles of operator, platform and API server. scale: from an edit of the spec to the patched child with many objects cached, memory of one, and the
cost of them at rest. budget: requests to the API server over the lives of two jobs that run here. Default sizes: some 25 minutes; to try it:
  node bench/operator/main.ts --rounds 1 --count 200 --objects 300 --edits 50 --rest 5`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    count: { type: 'string', default: '1000' },
    objects: { type: 'string', default: '10000' },
    edits: { type: 'string', default: '500' },
    rest: { type: 'string', default: '60' },
    'controller-manager': { type: 'boolean', default: false },
    profiles: { type: 'string' },
    'no-peer': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const count = Number(values.count);
const objects = Number(values.objects);

const burstOptions = {
  count,
  controllerManager: values['controller-manager'],
  profiles: values.profiles ?? null,
};

const bursts = async (subjects: readonly Subject[], goals: Goals): Promise<void> => {
  const rounds = Number(values.rounds);
  const manager = burstOptions.controllerManager ? 'with' : 'without';
  console.log(`burst: ${count} SimulationJobs at once, ${manager} the controller manager, ${rounds} rounds in turns`);
  const measured = new Map<Subject, Burst[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const [subject, list] of measured) list.push(await burst(subject, burstOptions));
  for (const [{ name, does }, list] of measured) {
    const rate = spreadOf(list.map(({ perSecond }) => perSecond));
    const processor = spreadOf(list.map(({ processorMs }) => processorMs));
    const verdict =
      name === operator.name
        ? `; ${goals.judge(`${name}: ${rate.median.toFixed(0)}/s`, '≥ 60/s', rate.median >= 60)}`
        : '';
    console.log(
      `  ${name} (${does}): ${shown(rate, 0)} a second${verdict}; ${shown(processor, 2)} ms of processor each`,
    );
  }
  const theirs = measured.get(peer);
  if (theirs === undefined) return;
  for (const [{ name }, list] of measured) {
    if (name === peer.name || name === sameWrites.name) continue;
    const ratio = ratioOf(list, theirs);
    const verdict = goals.judge(`${name}: ${ratio.median.toFixed(2)} × the peer`, '≥ 0.6', ratio.median >= 0.6);
    console.log(`  ${name} / peer = ${shown(ratio, 2)}; ${verdict}`);
  }
  const [ours, like] = [measured.get(operator), measured.get(sameWrites)];
  if (ours === undefined || like === undefined) return;
  // Not judged: what is left of the gap once the peer writes as much, the platform and its servers on the same processors included.
  console.log(`  ${operator.name} / ${sameWrites.name} = ${shown(ratioOf(ours, like), 2)}`);
};

const ratioOf = (one: readonly Burst[], other: readonly Burst[]): ReturnType<typeof spreadOf> =>
  spreadOf(one.map(({ perSecond }, round) => perSecond / (other[round]?.perSecond ?? Number.NaN)));

const latencyOf = (list: readonly number[]): string =>
  `median ${quantile(list, 0.5).toFixed(0)} ms, p99 ${quantile(list, 0.99).toFixed(0)} ms, longest ${quantile(list, 1).toFixed(0)} ms`;

const atScale = async (subject: Subject, goals: Goals): Promise<void> => {
  const isOurs = subject === operator;
  const judge = (what: string, goal: string, met: boolean): string =>
    isOurs ? `; ${goals.judge(`${subject.name}: ${what}`, goal, met)}` : '';
  const began = performance.now();
  const tell = (text: string): void => console.error(`  ${((performance.now() - began) / 1000).toFixed(0)} s: ${text}`);
  const options = { objects, edits: Number(values.edits), restSeconds: Number(values.rest), ends: isOurs, tell };
  const { open, over, bytesPerJob, residentMiB, restBytes, rest } = await scale(subject, options);
  const [before, after] = residentMiB;
  console.log(`scale: ${subject.name}, ${objects} SimulationJobs with a child each`);
  for (const [what, list] of [['all open', open] as const, ['nearly all over', over] as const]) {
    if (list.length === 0) continue;
    const p99 = quantile(list, 0.99);
    const verdict = judge(`edit → child with ${objects} ${what}: p99 ${p99.toFixed(0)} ms`, '≤ 250 ms', p99 <= 250);
    console.log(`  from an edit to the patched child, ${what}: ${latencyOf(list)} of ${list.length}${verdict}`);
  }
  if (bytesPerJob !== null) {
    const half = (bytesPerJob / 2 / 1024).toFixed(1);
    console.log(
      `  memory: ${(bytesPerJob / 1024).toFixed(1)} KiB of live heap for a job and its child, ${half} KiB for a cached object`,
    );
  }
  console.log(
    `  resident: ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB with them, ${rest.residentMiB.toFixed(0)} MiB at rest`,
  );
  const heap = restBytes === null ? '' : `, ${(restBytes / 2 ** 20).toFixed(0)} MiB of live heap`;
  const share = rest.processorShare;
  const verdict = judge(`at rest: ${(share * 100).toFixed(2)} % of a core`, '< 1 %', share < 0.01);
  console.log(
    `  at rest for ${values.rest} s: ${(share * 100).toFixed(2)} % of a core, ${rest.requests} requests${heap}${verdict}`,
  );
};

const budget = async (goals: Goals): Promise<void> => {
  console.log(
    'budget: requests of the operator to the API server from the creation of a job to its removal, leases and watches aside',
  );
  for (const { blocks, seconds, requests, kinds } of await budgets()) {
    const most = 12 + seconds / 10;
    const verdict = goals.judge(`${blocks} blocks: ${requests} requests`, `≤ ${most.toFixed(1)}`, requests <= most);
    console.log(`  ${blocks} blocks, ${seconds.toFixed(0)} s: ${requests} requests; ${verdict}\n    ${kinds}`);
  }
};

const missing = (): string | null => {
  const nats = natsServer();
  return controlPlaneMissing() ?? postgresMissing() ?? ('missing' in nats ? nats.missing : null);
};

const run = async (): Promise<void> => {
  console.log(machine());
  const reason = missing();
  if (reason !== null) return console.log(`left out: ${reason}`);
  if (values.profiles !== undefined) mkdirSync(values.profiles, { recursive: true });
  const noPeer = values['no-peer'] ? 'not asked for' : peerMissing();
  if (noPeer !== null) console.log(`the peer is left out: ${noPeer}`);
  const subjects = [operator, minimal, ...(noPeer === null ? [peer] : [])];
  const isChosen = (part: string): boolean => positionals.length === 0 || positionals.includes(part);
  const goals = new Goals();
  if (isChosen('burst')) await bursts([...subjects, ...(noPeer === null ? [sameWrites] : [])], goals);
  if (isChosen('scale')) for (const subject of subjects) await atScale(subject, goals);
  if (isChosen('budget')) await budget(goals);
  console.log(goals.summary());
};

if (values.help) console.log(usage);
else await run();
