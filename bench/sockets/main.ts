// What a connection costs and how fast one message reaches a thousand, on both drivers, beside the bare libraries and centrifuge in the same run.
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Goals } from '../figures/goals.ts';
import { machine } from '../figures/machine.ts';
import { shown, spreadOf } from '../figures/spread.ts';
import { buildPrograms, programsMissing } from './build-peer.ts';
import { measure, type Measured } from './measure.ts';
import { subjectsOf, type Subject } from './subjects.ts';

const usage = `node bench/sockets/main.ts [--rounds 5] [--seconds 5] [--idle 10000] [--subscribers 1000] [--only text]
Each round starts every server on one processor, with a load generator in Go on the other: idle connections, then one topic with 16 messages of 128 bytes
in flight, with one, then at a steady pace (ws 30 messages a second, uWebSockets and centrifuge 100). Some ten minutes; needs 20,000 open files. To try it:
  node bench/sockets/main.ts --rounds 1 --seconds 2 --idle 1000 --subscribers 200`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    idle: { type: 'string', default: '10000' },
    subscribers: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
const sizes = {
  idle: Number(values.idle),
  subscribers: Number(values.subscribers),
  bytes: 128,
  inFlight: 16,
  seconds: Number(values.seconds),
};

type Rounds = readonly Measured[];
const median = (rounds: Rounds, figure: keyof Measured): number =>
  spreadOf(rounds.map((round) => round[figure])).median;

/** Ratios within each round, so that what disturbs the machine for a while disturbs both. */
const ratio = (ours: Rounds, theirs: Rounds, figure: keyof Measured): readonly number[] =>
  ours.map((round, at) => round[figure] / (theirs[at]?.[figure] ?? Number.NaN));

const print = ({ name, rate }: Subject, rounds: Rounds): void => {
  const figure = (of: keyof Measured, digits: number): string =>
    shown(spreadOf(rounds.map((round) => round[of])), digits);
  console.log(`  ${name}
    ${figure('kibibytesPerConnection', 2)} KiB a connection
    ${figure('deliveriesPerSecond', 0)} deliveries a second, its processor ${figure('busy', 2)} busy: ${figure('deliveriesPerProcessorSecond', 0)} a second of it
    ${figure('deliveriesOneByOne', 0)} deliveries a second with one message in flight
    ${figure('p50Ms', 2)} ms median, ${figure('p99Ms', 2)} ms p99 at ${rate} messages a second`);
};

interface Comparison {
  readonly what: string;
  readonly rounds: Rounds;
  readonly bare: Rounds;
  readonly faster: { readonly than: string; readonly rounds: Rounds; readonly times: number };
  readonly kibibytes: number;
}

const judge = (goals: Goals, { what, rounds, bare, faster, kibibytes }: Comparison): void => {
  const memory = median(rounds, 'kibibytesPerConnection');
  const speed = spreadOf(ratio(rounds, faster.rounds, 'deliveriesPerSecond'));
  const late = spreadOf(ratio(rounds, bare, 'p99Ms'));
  const memoryGoal = goals.judge(`${what}: ${memory.toFixed(2)} KiB`, `≤ ${kibibytes} KiB`, memory <= kibibytes);
  const speedGoal = goals.judge(
    `${what}: ${speed.median.toFixed(2)} × ${faster.than}`,
    `≥ ${faster.times} ×`,
    speed.median >= faster.times,
  );
  const lateGoal = goals.judge(`${what}: p99 ${late.median.toFixed(2)} × bare`, '≤ 1.1 ×', late.median <= 1.1);
  console.log(`  ${what}
    ${memory.toFixed(2)} KiB a connection; ${memoryGoal}
    ${shown(speed, 2)} × the deliveries of ${faster.than}; ${speedGoal}
    ${shown(spreadOf(ratio(rounds, faster.rounds, 'deliveriesPerProcessorSecond')), 2)} × those of ${faster.than} a second of its processor
    ${shown(spreadOf(ratio(rounds, bare, 'deliveriesOneByOne')), 2)} × those of the bare library with one in flight
    ${shown(late, 2)} × the p99 of the bare library; ${lateGoal}`);
};

const run = async (): Promise<void> => {
  const programs = buildPrograms();
  const { directory, oursOnWs, ws, uws, centrifuge } = subjectsOf(programs, { ws: 30, uws: 100 });
  const goals = new Goals();
  try {
    console.log(`${machine()}
${values.rounds} rounds in turns: ${sizes.idle} idle connections; 1 topic × ${sizes.subscribers} subscribers × ${sizes.bytes} B, ${sizes.inFlight} in flight`);
    const native = 'missing' in uws ? [] : [uws.ours, uws.bare];
    const subjects = [oursOnWs, ws, ...native, centrifuge].filter(({ name }) => name.includes(values.only));
    const measured = new Map<Subject, Measured[]>(subjects.map((subject) => [subject, []]));
    for (let round = 0; round < Number(values.rounds); round += 1)
      for (const [subject, figures] of await measure(subjects, programs, sizes)) measured.get(subject)?.push(figures);
    for (const [subject, rounds] of measured) print(subject, rounds);
    const of = (subject: Subject): Rounds => measured.get(subject) ?? [];
    if (values.only !== '') return;
    judge(goals, {
      what: oursOnWs.name,
      rounds: of(oursOnWs),
      bare: of(ws),
      faster: { than: ws.name, rounds: of(ws), times: 1.2 },
      kibibytes: 10,
    });
    if ('missing' in uws) console.log(`  uWebSockets is not measured: ${uws.missing}`);
    else
      judge(goals, {
        what: uws.ours.name,
        rounds: of(uws.ours),
        bare: of(uws.bare),
        faster: { than: centrifuge.name, rounds: of(centrifuge), times: 1.5 },
        kibibytes: 3,
      });
    console.log(goals.summary());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const missing = programsMissing() ?? (availableParallelism() < 2 ? 'it needs two processors' : null);
if (values.help) console.log(usage);
else if (missing !== null) console.log(`skipped: ${missing}`);
else await run();
