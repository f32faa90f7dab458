import { test } from 'node:test';
import { mongoMissing, startMongo } from '@simfleet/testing';
import { fleetMissing } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { isThorough, play } from './reliability/play.ts';
import { victimsOf } from './reliability/victims.ts';
import type { TestDatabase } from './reliability/victims.ts';

/** The server here is one of our own that speaks the protocol: it shows what the platform does, not what MongoDB keeps. */
const rounds = isThorough() ? 24 : 2;
const skip = mongoMissing({ killable: true }) || fleetMissing();

/** In short the store alone: with the others the rounds on PostgreSQL deal. */
const victims = (fleet: Fleet, database: TestDatabase) =>
  victimsOf(fleet, database).filter(({ module }) => isThorough() || module === 'storage');

test(
  `${rounds} deaths and pauses with the store in MongoDB lose nothing, double nothing and leave nothing behind`,
  { skip, timeout: rounds * 30_000 + 120_000 },
  async (context) => {
    const mongo = await startMongo({ persistent: true, killable: true });
    context.after(() => mongo.stop());
    const database = { ...mongo, name: 'MongoDB' };
    await play(context, {
      rounds,
      database,
      victims,
      storage: mongo.databaseUrl(),
      section: 'Services apart on MongoDB and NATS',
    });
  },
);
