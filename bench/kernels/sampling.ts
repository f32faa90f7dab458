import { startPeer } from './peer-process.ts';
import type { Answer, PeerProcess } from './peer-process.ts';
import type { Peer } from './peers.ts';
import { show, spreadOf } from './statistics.ts';
import { blackScholes, pathsOf, unitsOf } from './tasks.ts';
import type { Task } from './tasks.ts';

interface Runner {
  readonly peer: Peer;
  readonly process: PeerProcess;
  /** Millions of paths or path-steps a second, one a round. */
  readonly rates: number[];
  readonly answers: Answer[];
}

/** Prints each peer's rate and ours over it; returns the goals that were missed. */
export const compareSampling = async (
  peers: readonly Peer[],
  rounds: number,
  core: number,
): Promise<readonly string[]> => {
  const missed: string[] = [];
  for (const task of ['european', 'asian'] as const) {
    const runners = start(peers, core);
    try {
      // The first round warms caches and compilers and is thrown away.
      for (let round = -1; round < rounds; round += 1)
        for (const runner of runners) await runRound(runner, task, round);
    } finally {
      for (const { process } of runners) process.stop();
    }
    missed.push(...report(task, peers, runners));
  }
  return missed;
};

const start = (peers: readonly Peer[], core: number): readonly Runner[] =>
  peers.flatMap((peer) =>
    typeof peer.command === 'string'
      ? []
      : [{ peer, process: startPeer(['taskset', '-c', String(core), ...peer.command]), rates: [], answers: [] }],
  );

const runRound = async (runner: Runner, task: Task, round: number): Promise<void> => {
  const paths = pathsOf[task] * runner.peer.share;
  const answer = await runner.process.run(task, Math.max(round, 0) * paths, paths);
  if (round < 0) return;
  runner.rates.push(unitsOf(task, paths) / answer.seconds);
  runner.answers.push(answer);
};

const report = (task: Task, peers: readonly Peer[], runners: readonly Runner[]): readonly string[] => {
  const missed: string[] = [];
  const [ours] = runners;
  console.log(
    task === 'european' ? 'One-step European call, million paths/s' : '252-step Asian call, million path-steps/s',
  );
  for (const peer of peers) {
    const runner = runners.find((each) => each.peer === peer);
    if (runner === undefined) {
      console.log(`  ${peer.name.padEnd(38)} absent: ${String(peer.command)}`);
      continue;
    }
    const ratio = spreadOf(runner.rates.map((rate, round) => (ours?.rates[round] ?? NaN) / rate));
    const goal = peer.goal === null ? '' : `  goal ≥ ${peer.goal}`;
    const beside = runner === ours ? '' : `  ours is ${show(ratio, 2)}×${goal}`;
    console.log(
      `  ${peer.name.padEnd(38)} ${show(spreadOf(runner.rates), 1).padEnd(24)} price ${price(runner)}${beside}`,
    );
    if (peer.goal !== null && ratio.median < peer.goal) {
      missed.push(`${task}: ${ratio.median.toFixed(2)}× ${peer.name}, goal ${peer.goal}`);
    }
  }
  if (task === 'european') console.log(`  Black–Scholes: ${blackScholes.toFixed(4)}`);
  console.log('');
  return missed;
};

/** Mean over the rounds with its standard error. */
const price = ({ answers }: Runner): string => {
  const mean = answers.reduce((sum, { value }) => sum + value, 0) / answers.length;
  const error = Math.sqrt(answers.reduce((sum, { standardError }) => sum + standardError ** 2, 0)) / answers.length;
  return `${mean.toFixed(4)} ± ${error.toFixed(4)}`;
};
