import assert from 'node:assert/strict';
import type { Job } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import type { JobInput } from './client.ts';
import type { Fleet } from './fleet.ts';
import type { ServiceProcess } from './platform.ts';
import { european } from './scene.ts';

/** Ten seconds of work on two cores, and one that is done in a moment. */
export const long = european({ maxPaths: '600000000' });
export const short = european({ maxPaths: '1000', shards: 1 });
/** From the death of the holder to the first lease that another grants. */
export const takeOverMs = 5_000;

export const leaseOf = (id: string): string => `jobs/${id}`;

/** Blocks that are counted; -1 while nobody answers. */
export const blocksOf = async ({ client }: Fleet, id: string): Promise<number> => {
  const { status, body } = await client.request('GET', `/v1/jobs/${id}`).catch(() => ({ status: 0, body: null }));
  return status === 200 ? (body as Job).progress.blocks : -1;
};

const indexOfMember = (processes: readonly ServiceProcess[], memberId: string | undefined): number => {
  const index = processes.findIndex((each) => each.memberId === memberId);
  assert.ok(index >= 0, `none of the processes is ${memberId}`);
  return index;
};

interface Strike {
  readonly lease: string;
  readonly among: readonly ServiceProcess[];
  readonly how: (holder: ServiceProcess) => unknown;
}

/** Strikes the process that holds a lease in the middle of the job; tells how long it took until another had it, and until blocks were counted again. */
export const strike = async (fleet: Fleet, id: string, { lease, among, how }: Strike) => {
  await until('some blocks', async () => (await blocksOf(fleet, id)) >= 20, 30_000);
  const holder = indexOfMember(among, await fleet.holderOf(lease));
  const memberId = among[holder]?.memberId;
  const before = await blocksOf(fleet, id);
  const struck = performance.now();
  await how(among[holder]!);
  await until('the lease to move', async () => ![undefined, memberId].includes(await fleet.holderOf(lease)), 20_000);
  const movedMs = Math.round(performance.now() - struck);
  await until('new blocks', async () => (await blocksOf(fleet, id)) > before + 8, 20_000);
  return { holder, movedMs, goesOnMs: Math.round(performance.now() - struck) };
};

export const created = async ({ client }: Fleet, input: JobInput): Promise<string> => (await client.create(input)).id;
