// What an event costs on its whole way, beside the two durable writes that it cannot do without.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openNatsBus } from '@simfleet/bus-nats';
import type { Storage } from '@simfleet/storage';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { natsServer, postgresMissing, startNats, startPostgres, until } from '@simfleet/testing';
import { Goals } from '../figures/goals.ts';
import { machine } from '../figures/machine.ts';
import { quantile, shown, spreadOf } from '../figures/spread.ts';
import { openBarePublish } from './bare-publish.ts';
import { carriers, eventOf, type Carrier } from './event.ts';
import { rateOf } from './load.ts';
import { openPipeline } from './pipeline.ts';

const usage = `node bench/bus/main.ts [--rounds 9] [--count 3000] [sqlite] [postgres]
Events a second from a write with an event to the acknowledged handling of it by a durable consumer on NATS, beside publishing the same events to
JetStream alone and writing them to the outbox alone; everything synced before it is acknowledged. Then the latency at half that load.
Under two and a half minutes.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '9' },
    count: { type: 'string', default: '3000' },
    help: { type: 'boolean', default: false },
  },
});
const [rounds, count] = [Number(values.rounds), Number(values.count)];
const writers = 64;
/** As many as the relay publishes side by side. */
const publishes = 256;
const steadySeconds = 8;
/** No round begins later: on a slow disk there are fewer of them. */
const mostMs = 50_000;

const cleanUps: (() => Promise<void>)[] = [];
const scope = { after: (cleanUp: () => Promise<void>): void => void cleanUps.push(cleanUp) };

/** Opens stores of one kind, each empty. */
type OpenStore = () => Promise<Storage>;

const sqliteStores = async (): Promise<OpenStore> => {
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-bench-'));
  scope.after(async () => rmSync(directory, { recursive: true }));
  let stores = 0;
  return () => openSqliteStorage({ file: join(directory, String((stores += 1)), 'store.db') });
};

const postgresStores = async (): Promise<OpenStore> => {
  const server = await startPostgres({ fsync: true, settings: { synchronous_commit: 'on' } });
  scope.after(() => server.stop());
  return async () => openPostgresStorage({ url: await server.createDatabase() });
};

const compare = async (name: string, openStore: OpenStore, goals: Goals): Promise<void> => {
  const nats = await startNats(scope, { syncAlways: true });
  const { url, monitorUrl } = nats;
  const bus = await openNatsBus({ url, monitorUrl, namespace: 'bench' });
  const [storage, bareStorage] = [await openStore(), await openStore()];
  const bare = await openBarePublish(nats);
  const outbox = await bareStorage.collection<Carrier>(carriers);
  const pipeline = await openPipeline(storage, bus);
  console.log(`${name}: ${storage.description}; ${bus.description}; ${writers} writers, rounds of ${count} events`);

  const rates = { publish: [] as number[], write: [] as number[], whole: [] as number[] };
  const end = performance.now() + mostMs;
  // The first round warms up.
  for (let round = -1; round < rounds && performance.now() < end; round += 1) {
    const published = await bare.rate(count, publishes);
    const written = await rateOf(count, writers, (index) => {
      const id = `w-${round}-${index}`;
      return outbox.insert(id, { customer: 'acme' }, [eventOf(id)]);
    });
    const whole = await pipeline.throughput(count, writers);
    if (round < 0) continue;
    rates.publish.push(published);
    rates.write.push(written);
    rates.whole.push(whole);
  }
  await until(
    'the broker to have every acknowledgement',
    async () => (await bare.unacknowledged('bench-events')) === 0,
  );
  const ratio = spreadOf(
    rates.whole.map((each, round) => each / Math.min(rates.publish[round] ?? 0, rates.write[round] ?? 0)),
  );
  const whole = spreadOf(rates.whole);
  console.log(`  JetStream publish alone, ${publishes} at a time  ${shown(spreadOf(rates.publish), 0)} events/s`);
  console.log(`  outbox write alone, ${writers} at a time        ${shown(spreadOf(rates.write), 0)} events/s`);
  console.log(`  write → relay → JetStream → acked      ${shown(whole, 0)} events/s`);
  const verdict = goals.judge(`${name} whole way: ${ratio.median.toFixed(2)} ×`, '≥ 0.5', ratio.median >= 0.5);
  console.log(`  whole way / the slower of the two = ${shown(ratio, 2)} in ${ratio.count} rounds; ${verdict}`);

  const half = whole.median / 2;
  const latencies = await pipeline.latencies(half, steadySeconds);
  const at = (share: number): string => `${quantile(latencies, share).toFixed(1)} ms`;
  console.log(
    `  at half that load (${half.toFixed(0)} events/s, ${latencies.length} events): median ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`,
  );

  await pipeline.close();
  await bare.close();
  await bus.close();
  await Promise.all([storage.close(), bareStorage.close()]);
};

const kinds: readonly [string, () => Promise<OpenStore>, string | null][] = [
  ['sqlite', sqliteStores, null],
  ['postgres', postgresStores, postgresMissing()],
];

const run = async (): Promise<void> => {
  console.log(`${machine()}; ${rounds} rounds in turns`);
  const binary = natsServer();
  if ('missing' in binary) return console.log(`left out: ${binary.missing}`);
  const goals = new Goals();
  for (const [name, openStores, missing] of kinds) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    if (missing !== null) {
      console.log(`${name}: left out: ${missing}`);
      continue;
    }
    try {
      await compare(name, await openStores(), goals);
    } finally {
      for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
    }
  }
  console.log(goals.summary());
};

if (values.help) console.log(usage);
else await run();
