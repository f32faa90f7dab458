import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '@simfleet/runtime';
import { openLeases } from '@simfleet/storage';
import type { Leases, Storage } from '@simfleet/storage';
import { openMongoStorage } from '@simfleet/storage-mongodb';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { mongoMissing, postgresMissing, silentLogger, startMongo, startPostgres, until } from '@simfleet/testing';

/** As in earnest, but five times as fast. */
const timing = { beatMs: 100, validMs: 400, deadMs: 500 };

interface Store {
  readonly name: string;
  readonly skip: string | false;
  /** A store, opened again and again by as many processes. */
  start(t: TestContext): Promise<() => Promise<Storage>>;
}

const stores: readonly Store[] = [
  {
    name: 'PostgreSQL',
    skip: postgresMissing() ?? false,
    async start(t) {
      const server = await startPostgres();
      t.after(() => server.stop());
      const url = await server.createDatabase();
      return () => openPostgresStorage({ url });
    },
  },
  {
    name: 'MongoDB',
    skip: mongoMissing(),
    async start(t) {
      const server = await startMongo();
      t.after(() => server.stop());
      const url = server.databaseUrl();
      return () => openMongoStorage({ url });
    },
  },
];

for (const { name, skip, start } of stores) {
  test(
    `${name}: of processes with connections of their own one gets a lease, and another one after it hangs`,
    { skip },
    async (t) => {
      const open = await start(t);
      const storages = await Promise.all(Array.from({ length: 4 }, open));
      t.after(() => Promise.all(storages.map((storage) => storage.close())));
      // Whose clock stands still hangs: it beats no more.
      const stopped = new Set<number>();
      const processes: readonly Leases[] = await Promise.all(
        storages.map((storage, at) => {
          const after: typeof systemClock.after = (ms, callback) =>
            systemClock.after(ms, () => (stopped.has(at) ? undefined : callback()));
          return openLeases({ storage, clock: { ...systemClock, after }, logger: silentLogger(), timing });
        }),
      );
      const holders = await Promise.all(processes.map((leases) => leases.holderOf('job')));
      assert.equal(new Set(holders).size, 1);
      const at = processes.findIndex(({ memberId }) => memberId === holders[0]);
      assert.deepEqual(
        processes.map((leases) => leases.holds('job')),
        processes.map((_, index) => index === at),
      );
      stopped.add(at);
      const others = processes.filter((_, index) => index !== at);
      const next = await until('another process has it', async () => {
        const answers = await Promise.all(others.map((leases) => leases.holderOf('job')));
        return new Set(answers).size === 1 && answers[0] !== holders[0] ? answers[0] : null;
      });
      assert.equal(processes.filter((leases) => leases.holds('job')).length, 1);
      assert.equal(processes[at]?.holds('job'), false, 'it knows by its own clock');
      const found = await others[0]?.holdersOf(['job', 'nothing']);
      assert.deepEqual([...(found ?? [])], [['job', next]]);
      await Promise.all(processes.map((leases) => leases.close()));
    },
  );
}
