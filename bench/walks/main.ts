// Whether a walk through a million rows, while others write, meets every row once: ours, and a peer on the same rows under the same writes.
import { parseArgs } from 'node:util';
import { postgresMissing } from '@simfleet/testing';
import { Goals } from '../figures/goals.ts';
import { machine } from '../figures/machine.ts';
import { pageSize, rows } from './data.ts';
import { postgresWalked } from './postgres.ts';
import { sqliteWalked } from './sqlite.ts';
import { judge, portPages, walk, type Walk } from './walk.ts';
import type { Walked } from './walked.ts';
import { startWriting, type Writes } from './writer.ts';

const usage = `node bench/walks/main.ts [--no-peer] [--peer-seconds 60] [sqlite] [postgres]
Walks a million rows by creation time, newest first, in pages of ${pageSize}, while rows are inserted, deleted, changed and moved all over the list. Counts the rows
that were there all the time with the same sort key and were not met, or met again: both must be 0. On PostgreSQL kysely-cursor walks a copy of the rows
at the same time, under the same writes; it is installed from its lock file into ~/.cache/simfleet, and stopped after a time. Under three minutes.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'no-peer': { type: 'boolean', default: false },
    'peer-seconds': { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
});

interface Outcome {
  readonly line: string;
  /** Rows missed and rows repeated. */
  readonly wrong: number;
}

/** Judged when the walk ends, by what was written until then. */
const outcomeOf = async (name: string, walking: Promise<Walk>, writes: Writes): Promise<Outcome> => {
  const walked = await walking;
  const { steady, missed, repeated } = judge(walked, writes.isSteady);
  const { inserts, deletes, updates, moves } = writes.counts;
  const share = ((1 - walked.reached / rows) * 100).toFixed(0);
  const part = walked.reached === 0 ? '' : ` (stopped after ${share} % of the list)`;
  return {
    line:
      `  ${name}: of ${steady} rows that stayed ${missed} missed, ${repeated} met again${part}; ` +
      `${walked.seconds.toFixed(1)} s with ${inserts} inserts, ${deletes} deletes, ${updates} updates, ${moves} of the sort key`,
    wrong: missed + repeated,
  };
};

const compare = async (walked: Walked, goals: Goals): Promise<void> => {
  const { title, listed, mirror, peer } = walked;
  console.log(`${title}: pages of ${pageSize} of ${rows.toLocaleString('en-US')} rows, newest first`);
  const writes = startWriting(listed, mirror);
  const [ours, theirs] = await Promise.all([
    outcomeOf('the storage port', walk(portPages(listed)), writes),
    peer === null ? null : outcomeOf(peer.name, walk(peer.next, Number(values['peer-seconds'])), writes),
  ]);
  await writes.stop();
  console.log(`${ours.line}; ${goals.judge(`${title}: ${ours.wrong} rows missed or repeated`, '0', ours.wrong === 0)}`);
  if (theirs !== null) console.log(theirs.line);
};

const databases: readonly [string, () => Promise<Walked>, string | null][] = [
  ['sqlite', sqliteWalked, null],
  ['postgres', () => postgresWalked(!values['no-peer']), postgresMissing()],
];

const run = async (): Promise<void> => {
  console.log(machine());
  const goals = new Goals();
  for (const [name, open, missing] of databases) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    if (missing !== null) {
      console.log(`${name}: left out: ${missing}`);
      continue;
    }
    const walked = await open();
    try {
      await compare(walked, goals);
    } finally {
      await walked.close();
    }
  }
  console.log(goals.summary());
};

if (values.help) console.log(usage);
else await run();
