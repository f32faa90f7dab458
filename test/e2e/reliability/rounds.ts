import { until } from '@simfleet/testing';
import type { Fleet } from '../fleet.ts';
import type { Dice } from './dice.ts';
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

interface RoundOptions {
  readonly fleet: Fleet;
  readonly victims: readonly Victim[];
  readonly load: Load;
  readonly dice: Dice;
}

/** Somebody dies or hangs at some moment under load, and comes back; afterwards everything goes on by itself. */
export const playRound = async ({ fleet, victims, load, dice }: RoundOptions): Promise<Round> => {
  const victim = dice.pick(victims);
  const strike = dice.pick([killed, paused]);
  await pause(dice.between(0, longestQuietMs));
  const how = await strike(victim, fleet, dice);
  const back = performance.now();
  await Promise.race([load.runTrivial(), late(`a fresh job after ${victim.name} ${how}`)]);
  const recoveredMs = Math.round(performance.now() - back);
  await until('replicas to be ready', () => allAre(fleet, 200), soonMs);
  return { name: `${victim.name} ${how}`, recoveredMs };
};

const killed = async (victim: Victim, fleet: Fleet, dice: Dice): Promise<string> => {
  const absentMs = dice.between(0, longestAbsenceMs);
  await victim.kill();
  if (victim.module !== null) await untilMissed(victim.module, fleet);
  await pause(absentMs);
  await victim.restart();
  return 'killed';
};

const paused = async (victim: Victim, _fleet: Fleet, dice: Dice): Promise<string> => {
  const pausedMs = dice.between(shortestPauseMs, longestPauseMs);
  victim.pause();
  await pause(pausedMs);
  victim.resume();
  return `paused for ${Math.round(pausedMs)} ms`;
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

const late = async (what: string): Promise<never> => {
  await pause(soonMs);
  throw new Error(`waited ${soonMs} ms for: ${what}`);
};
