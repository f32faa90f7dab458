import type { TestContext } from 'node:test';
import { temporaryDirectory } from '@simfleet/testing';
import { openStorage } from '@simfleet/wiring';
import { recordRun } from '../chaos-record.ts';
import { openFleet } from '../fleet.ts';
import type { Fleet } from '../fleet.ts';
import { openScene } from '../scene.ts';
import { openDice } from './dice.ts';
import { checkTheEnd } from './evidence.ts';
import { undisturbed } from './kinds.ts';
import { startLoad } from './load.ts';
import { observe } from './observer.ts';
import { blowsOn, playRound } from './rounds.ts';
import type { Round } from './rounds.ts';
import { victimsOf } from './victims.ts';
import type { TestDatabase, Victim } from './victims.ts';

/** Whether this is the full run, which is recorded. */
export const isThorough = (): boolean => process.env['SIMFLEET_CHAOS'] === '1';

/** SIMFLEET_CHAOS_SEED, or another one with each run. What is drawn follows from it; what meets what does not. */
const chosenSeed = (): number => Number(process.env['SIMFLEET_CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

interface Play {
  readonly rounds: number;
  readonly database: TestDatabase;
  /** URL of an empty database of it. */
  readonly storage: string;
  /** Default: everybody but the load balancer. */
  readonly victims?: (fleet: Fleet, database: TestDatabase) => readonly Victim[];
  /** Of docs/chaos.md. */
  readonly section: string;
}

/** Rounds on services apart, under load, with all that must hold after them. */
export const play = async (
  context: TestContext,
  { rounds, database, storage, section, victims = victimsOf }: Play,
): Promise<void> => {
  const seed = chosenSeed();
  context.diagnostic(`SIMFLEET_CHAOS_SEED=${seed}`);
  const { client: calm, platform } = await openScene(context);
  const known = await undisturbed(calm);
  await platform.stop();

  const fleet = await openFleet(context, { storage, syncAlways: true });
  const observer = await observe(context, fleet.nats.url);
  const { path: dataDirectory } = temporaryDirectory(context);
  const store = await openStorage({ url: storage, dataDirectory });
  context.after(() => store.close());
  let clients = 0;
  const dice = () => openDice(seed + 1 + clients++);
  const ending = new AbortController();
  context.after(() => ending.abort());
  const load = startLoad({ fleet, known, dice, signal: AbortSignal.any([context.signal, ending.signal]) });

  const own = openDice(seed);
  const draw = own.deck(blowsOn(victims(fleet, database)));
  const played: Round[] = [];
  for (let number = 1; number <= rounds; number++) {
    const round = await Promise.race([playRound({ fleet, blow: draw(), load, dice: own }), load.failure]);
    played.push(round);
    context.diagnostic(`round ${number}: ${round.name}; a fresh job was through ${round.recoveredMs} ms later`);
  }
  await load.end();
  const consumers = await checkTheEnd({ fleet, store, observer, load });

  const { tally, streams, walks, jobs } = load;
  const recovery = played.map(({ recoveredMs }) => recoveredMs).sort((one, other) => one - other);
  const outcome = [
    `outcome: ${rounds} rounds, ${jobs.size} jobs acknowledged, none lost, none doubled, all digests equal (seed ${seed})`,
    `events: ${streams.events} live events over ${streams.connections} connections, none missed, none doubled; ${observer.repeated} events of the bus handed out again`,
    `requests: ${tally.answers} answered, ${tally.refusals} told to come again, ${tally.breaks} broken off; the slowest answer took ${tally.slowestMs} ms, the longest way to one that counts ${tally.longestWaitMs} ms; ${walks.whole} walks by cursor`,
    `recovery: a fresh job was through ${recovery[Math.floor(recovery.length / 2)]} ms after the return (median), ${recovery.at(-1)} ms at most`,
    `at the end: nothing pending for ${consumers.join(', ')}; outbox and dead letters empty`,
  ];
  outcome.forEach((line) => context.diagnostic(line));
  if (isThorough()) recordRun(section, outcome);
};
