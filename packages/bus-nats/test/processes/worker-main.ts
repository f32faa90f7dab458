// One process with one instance of the consumer "work". Tells on its standard output what it does: `ready`, `begin source version`, `end …`.
// worker-main.ts <url> <namespace> <milliseconds of a handler> [<source> <version>: ends itself by SIGKILL after handling, before acknowledging]
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { openNatsBus } from '@simfleet/bus-nats';

const [url = '', namespace = '', handlerMs = '0', fatalSource = '', fatalVersion = ''] = process.argv.slice(2);
const say = (...words: readonly unknown[]): void => void writeSync(1, `${words.join(' ')}\n`);

// Letters are for events that end their process here: nothing else fails.
const bus = await openNatsBus({
  url,
  namespace,
  onTrouble: (what, error) => process.stderr.write(`${process.pid} ${what}: ${String(error)}\n`),
});
await bus.consume({
  name: 'work',
  maxAttempts: 3,
  types: ['dev.simfleet.shard.started.v1'],
  async handle({ source, sourceversion }) {
    say('begin', source, sourceversion);
    await wait(Number(handlerMs));
    say('end', source, sourceversion);
    if (source === fatalSource && (fatalVersion === '' || sourceversion === Number(fatalVersion))) {
      process.kill(process.pid, 'SIGKILL');
    }
  },
});
say('ready');
