// What the storage port costs over the raw driver with the same statements or commands: processor time of this process, all its threads.
import { parseArgs } from 'node:util';
import { mongoMissing, postgresMissing } from '@simfleet/testing';
import { Goals } from '../figures/goals.ts';
import { machine } from '../figures/machine.ts';
import { compare, type Bench } from './compare.ts';
import { mongoBench } from './mongodb.ts';
import { postgresBench } from './postgres.ts';
import { sqliteBench } from './sqlite.ts';

const usage = `node bench/storage-overhead/main.ts [--rounds 15] [sqlite] [postgres] [mongodb]
Get, insert and compare-and-set through the storage port beside the raw driver, in turns; microseconds of processor time an operation,
median (least … most). Commits of PostgreSQL are not waited for; SQLite syncs once a batch on both sides. Under a minute a database.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '15' }, help: { type: 'boolean', default: false } },
});

const benches: readonly [string, () => Promise<Bench>, string | false | null][] = [
  ['sqlite', sqliteBench, null],
  ['postgres', postgresBench, postgresMissing()],
  ['mongodb', mongoBench, mongoMissing()],
];

if (values.help) console.log(usage);
else {
  console.log(`${machine()}; ${values.rounds} rounds in turns`);
  const goals = new Goals();
  for (const [name, open, missing] of benches) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    if (typeof missing === 'string') {
      console.log(`${name}: left out: ${missing}`);
      continue;
    }
    const bench = await open();
    try {
      await compare(bench, Number(values.rounds), goals);
    } finally {
      await bench.close();
    }
  }
  console.log(goals.summary());
}
