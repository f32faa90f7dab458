// Limits beside the limiters that others use: speed in memory, over Redis and in express, what is admitted beyond the limit, and a Redis that dies.
import { parseArgs } from 'node:util';
import { Goals } from '../figures/goals.ts';
import { machine } from '../figures/machine.ts';
import { LeftOut, type Measure } from './part.ts';

const usage = `node bench/rate-limit/main.ts [--rounds n] [memory] [redis] [express] [traces] [loss]
memory   decisions a second in one process, beside rate-limiter-flexible
redis    decisions a second over Redis, beside a bare EVALSHA and rate-limiter-flexible
express  requests a second through express, beside express-rate-limit
traces   what is admitted on fixed traces, beside the exact log and rate-limiter-flexible (virtual time; the same on any machine)
loss     Redis killed for ten seconds under load, by policy, beside rate-limiter-flexible with its insurance limiter
All of them take some five minutes; README.md says what is fair.`;

const parts: Readonly<Record<string, () => Promise<{ readonly measure: Measure }>>> = {
  memory: () => import('./memory.ts'),
  redis: () => import('./redis.ts'),
  express: () => import('./express.ts'),
  traces: () => import('./traces.ts'),
  loss: () => import('./loss.ts'),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, help: { type: 'boolean', default: false } },
});

const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
if (values.help || unknown.length > 0) {
  console.log(unknown.length > 0 ? `There is no ${unknown.join(', ')}.\n${usage}` : usage);
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else {
  console.log(machine());
  const goals = new Goals();
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  for (const [name, open] of Object.entries(parts)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.log(`\n${name}`);
    try {
      const { measure } = await open();
      await measure({ rounds, goals });
    } catch (error) {
      if (!(error instanceof LeftOut)) throw error;
      console.log(`  left out: ${error.message}`);
    }
  }
  console.log(`\n${goals.summary()}`);
}
