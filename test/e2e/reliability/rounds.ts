import { until } from '@simfleet/testing';
import type { Fleet } from '../fleet.ts';
import type { Dice } from './dice.ts';
import { inTime } from './in-time.ts';
import type { Load } from './load.ts';
import { pause } from './patient-client.ts';
import type { Victim } from './victims.ts';

/** Milliseconds. */
const longestQuietMs = 1_500;
const longestAbsenceMs = 2_000;
const [shortestPauseMs, longestPauseMs] = [1_000, 8_000];
/** A job of a moment has to be through by then, counted from the return of the victim. */
const soonMs = 20_000;
/** Until the platform says that a module is missing. */
const noticeMs = 10_000;

export interface Round {
  readonly name: string;
  /** From the victim's return until a fresh job was through. */
  readonly recoveredMs: number;
}

/** What happens to one victim; tells it in words once the victim is back. */
export type Blow = (fleet: Fleet, dice: Dice) => Promise<string>;

/** Each victim can die and can hang. */
export const blowsOn = (victims: readonly Victim[]): readonly Blow[] =>
  victims.flatMap((victim) => [killed(victim), paused(victim)]);

interface RoundOptions {
  readonly fleet: Fleet;
  readonly blow: Blow;
  readonly load: Load;
  readonly dice: Dice;
}

/** Somebody dies or hangs at some moment under load, and comes back; afterwards everything goes on by itself. */
export const playRound = async ({ fleet, blow, load, dice }: RoundOptions): Promise<Round> => {
  await pause(dice.between(0, longestQuietMs));
  const name = await blow(fleet, dice);
  const back = performance.now();
  await inTime(load.runTrivial(), soonMs, () => `a fresh job after ${name}`);
  const recoveredMs = Math.round(performance.now() - back);
  await until('replicas to be ready', () => allAre(fleet, 200), soonMs);
  return { name, recoveredMs };
};

const killed =
  (victim: Victim): Blow =>
  async (fleet, dice) => {
    const absentMs = dice.between(0, longestAbsenceMs);
    await victim.kill();
    if (victim.module !== null) await untilMissed(victim.module, fleet);
    await pause(absentMs);
    await victim.restart();
    return `${victim.name} killed`;
  };

const paused =
  (victim: Victim): Blow =>
  async (_fleet, dice) => {
    const pausedMs = dice.between(shortestPauseMs, longestPauseMs);
    victim.pause();
    await pause(pausedMs);
    victim.resume();
    return `${victim.name} paused for ${Math.round(pausedMs)} ms`;
  };

/** Every replica says what it is that it lacks. */
const untilMissed = async (module: string, fleet: Fleet): Promise<void> => {
  for (const { url } of fleet.jobs) {
    await until(
      `${url} to miss its ${module}`,
      async () => {
        const answer = await fetch(`${url}/readyz`);
        const { modules } = (await answer.json()) as {
          readonly modules: readonly { readonly name: string; readonly ready: boolean }[];
        };
        return answer.status === 503 && modules.some(({ name, ready }) => name === module && !ready);
      },
      noticeMs,
    );
  }
};

const allAre = async ({ jobs, executors }: Fleet, status: number): Promise<boolean> => {
  const answers = await Promise.all([...jobs, ...executors].map(({ url }) => fetch(`${url}/readyz`)));
  return answers.every((answer) => answer.status === status);
};
