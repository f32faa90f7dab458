// What a page far down a list costs beside the first one, by position and by OFFSET, and how many rows the database looks at for it.
import { parseArgs } from 'node:util';
import { postgresMissing } from '@simfleet/testing';
import { Goals } from '../figures/goals.ts';
import { machine } from '../figures/machine.ts';
import { measurePages, type Pages } from './measure.ts';
import { postgresPages } from './postgres.ts';
import { sqlitePages } from './sqlite.ts';

const usage = `node bench/pages/main.ts [--rounds 15] [sqlite] [postgres]
A page after a million of two million rows beside the first page and beside OFFSET, through the storage port; milliseconds on a clock,
median (least … most). The rows are generated. About two minutes, most of it to fill the databases.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '15' }, help: { type: 'boolean', default: false } },
});

const databases: readonly [string, () => Promise<Pages>, string | null][] = [
  ['sqlite', sqlitePages, null],
  ['postgres', postgresPages, postgresMissing()],
];

if (values.help) console.log(usage);
else {
  console.log(`${machine()}; ${values.rounds} rounds in turns`);
  const goals = new Goals();
  for (const [name, open, missing] of databases) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    if (missing !== null) {
      console.log(`${name}: left out: ${missing}`);
      continue;
    }
    const started = performance.now();
    const pages = await open();
    console.log(`${name} filled in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    try {
      await measurePages(pages, Number(values.rounds), goals);
    } finally {
      await pages.close();
    }
  }
  console.log(goals.summary());
}
