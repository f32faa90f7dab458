import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { openNatsBus } from '@simfleet/bus-nats';
import type { DeadLetterView, SimfleetEvent } from '@simfleet/contracts';
import { natsServer, startNats, temporaryDirectory, until } from '@simfleet/testing';
import { startPlatform } from './platform.ts';

const launcher = join(import.meta.dirname, '../../packages/cli/bin/simfleet.js');
const binary = natsServer();
const skip = 'missing' in binary ? binary.missing : false;

const event = (version: number): SimfleetEvent<'dev.simfleet.shard.started.v1'> => ({
  ...{ specversion: '1.0', id: `e-${version}`, source: '/jobs/none', sourceversion: version },
  ...{ type: 'dev.simfleet.shard.started.v1', time: '2026-11-22T20:00:00.000Z', customer: 'default' },
  datacontenttype: 'application/json',
  data: { jobId: 'none', customer: 'default', generation: 1, shard: 0, attempt: version },
});

interface Streams {
  readonly account_details: readonly {
    readonly stream_detail: readonly {
      readonly name: string;
      readonly config: { readonly max_age: number; readonly max_msgs: number };
    }[];
  }[];
}

/** Days and number of messages that the broker keeps, by stream. */
const limitsOf = async (monitorUrl: string): Promise<Readonly<Record<string, readonly [number, number]>>> => {
  const answer = await fetch(`${monitorUrl}/jsz?streams=true&config=true`);
  const { account_details: accounts } = (await answer.json()) as Streams;
  const streams = accounts.flatMap((account) => account.stream_detail);
  const ours = streams.filter(({ name }) => /^simfleet-(events|dead)$/.test(name));
  return Object.fromEntries(
    ours.map(({ name, config }) => [name.slice('simfleet-'.length), [config.max_age / 86_400e9, config.max_msgs]]),
  );
};

test(
  'events that failed on NATS outlive the platform, are kept as long as it is told, and are seen, replayed and discarded by command',
  { skip },
  async (t) => {
    const nats = await startNats(t, { syncAlways: false });
    const bus = await openNatsBus({ url: nats.url });
    t.after(() => bus.close());
    const { path: dataDir } = temporaryDirectory(t);
    const simfleet = async (...words: readonly string[]) => {
      const child = spawn(process.execPath, [launcher, 'events', ...words, '--data-dir', dataDir], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = once(child, 'close');
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { exit: (await ended)[0] as number | null, stdout, stderr };
    };
    const letters = async (): Promise<readonly DeadLetterView[]> => {
      const { stdout, stderr } = await simfleet('dead', '--consumer', 'accounting', '-o', 'json');
      assert.equal(stderr, '');
      return (JSON.parse(stdout) as { readonly items: readonly DeadLetterView[] }).items;
    };
    let isMended = false;
    const effects: string[] = [];
    await bus.consume({
      name: 'accounting',
      types: ['dev.simfleet.shard.started.v1'],
      maxAttempts: 1,
      handle: async ({ id }) => {
        if (!isMended) throw new Error('the ledger is closed');
        effects.push(id);
      },
    });
    for (const version of [1, 2, 3]) await bus.publish(event(version));

    const start = (...flags: readonly string[]) =>
      startPlatform({ dataDir, slots: 1, flags: ['--bus', nats.url, ...flags] });
    const first = await start();
    t.after(() => first.stop());
    const found = await until('three letters', async () => {
      const all = await letters();
      return all.length === 3 ? all : false;
    });
    assert.deepEqual(
      found.map(({ reason, attempts, event: { id } }) => [reason, attempts, id]),
      [1, 2, 3].map((version) => ['the ledger is closed', 1, `e-${version}`]),
    );
    await first.stop();
    assert.deepEqual(await limitsOf(nats.monitorUrl), { dead: [90, 100_000], events: [7, -1] });
    const second = await start(
      ...['--retain-events-days', '2', '--retain-events-count', '5000'],
      ...['--retain-dead-days', '30', '--retain-dead-count', '400'],
    );
    t.after(() => second.stop());
    assert.deepEqual(await letters(), found, 'letters stay with the broker');
    assert.deepEqual(await limitsOf(nats.monitorUrl), { dead: [30, 400], events: [2, 5000] });

    const [one = '', two = ''] = found.map(({ id }) => id);
    isMended = true;
    const replayed = await simfleet('replay', one);
    assert.deepEqual(replayed, { exit: 0, stdout: `dead letter ${one} replayed\n`, stderr: '' });
    await until('its effect', () => effects.length > 0);
    assert.equal((await simfleet('discard', two)).stdout, `dead letter ${two} discarded\n`);
    const gone = await simfleet('replay', one);
    assert.equal(gone.exit, 3);
    assert.match(gone.stderr, /there is no dead letter/);
    assert.equal((await simfleet('replay', '--all', '--consumer', 'accounting')).exit, 0);
    await until('the last effect', () => effects.length > 1);
    assert.deepEqual([effects, await letters()], [['e-1', 'e-3'], []]);
  },
);
