import { test } from 'node:test';
import { postgresMissing, startPostgres } from '@simfleet/testing';
import { fleetMissing } from './fleet.ts';
import { isThorough, play } from './reliability/play.ts';

const rounds = isThorough() ? 100 : 10;
const skip = postgresMissing() ?? fleetMissing();

test(
  `${rounds} deaths and pauses of services, PostgreSQL and NATS lose nothing, double nothing and leave nothing behind`,
  { skip, timeout: rounds * 30_000 + 120_000 },
  async (context) => {
    const postgres = await startPostgres();
    context.after(() => postgres.stop());
    const storage = await postgres.createDatabase();
    const database = { ...postgres, name: 'PostgreSQL', restart: () => postgres.start() };
    await play(context, { rounds, database, storage, section: 'Services apart on PostgreSQL and NATS' });
  },
);
