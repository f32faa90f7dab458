import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Principal } from '@simfleet/contracts';
import { connectLiveSocket, openLiveSocket, until } from '@simfleet/testing';
import { connectClient, refusedUpgrade } from '../../src/contract/client.ts';
import type { StartSteered } from './sessions.ts';
import type { SteeredOptions, SteeredState } from './steered.ts';

const user = (id: string): Principal => ({ id, kind: 'user', customers: ['acme'] });
const tokens = { 'token-of-ann': user('ann'), 'token-of-ben': user('ben') };
const protocols = ['simfleet.v1'];
const address = '127.0.0.1';

const start = async (t: TestContext, serve: StartSteered, most: NonNullable<SteeredOptions['most']>) => {
  const { url, control, stop } = await serve({ tokens, most });
  t.after(stop);
  const held = async (): Promise<SteeredState['held']> => {
    const response = await fetch(control, { method: 'POST', body: '{}' });
    return ((await response.json()) as SteeredState).held;
  };
  const reach = (what: string, wanted: SteeredState['held']): Promise<unknown> =>
    until(what, async () => {
      const now = await held();
      return Object.entries(wanted).every(([key, count]) => (now[key] ?? 0) === count);
    });
  const refused = async (headers: Record<string, string> = {}, path = ''): Promise<number> =>
    (await refusedUpgrade(url + path, { path: '', protocols, headers })).status;
  return { url, reach, refused };
};

/** Open connections hold places, by address and by user, until they are over. */
export const testPlaces = (name: string, serve: StartSteered): void => {
  describe(`${name}: places`, { concurrency: true }, () => {
    test('an address has so many connections, whoever they are of, and further ones once some are over', async (t) => {
      const { url, reach, refused } = await start(t, serve, { perAddress: 2 });
      const silent = connectLiveSocket(url);
      await silent.opened;
      const known = await openLiveSocket({ url, token: 'token-of-ann' });
      assert.equal(await refused(), 429);
      silent.close();
      await reach('room', { [address]: 1 });
      const next = await openLiveSocket({ url, token: 'token-of-ben', by: 'header' });
      assert.equal(await refused({ authorization: 'Bearer token-of-ann' }), 429);
      for (const socket of [known, next]) socket.close();
      await reach('nobody', { [address]: 0, ann: 0, ben: 0 });
    });

    test('a user has so many connections: one more is told so, closed to come back later, and holds no place', async (t) => {
      const { url, reach, refused } = await start(t, serve, { perUser: 1 });
      const first = await openLiveSocket({ url, token: 'token-of-ann' });
      const other = await openLiveSocket({ url, token: 'token-of-ben', by: 'header' });
      const second = connectLiveSocket(url);
      await second.opened;
      const answer = await second.ask('connect', { token: 'token-of-ann' });
      assert.equal('error' in answer && answer.error.code, 'quota-exceeded');
      assert.deepEqual(await second.closed, { code: 4029, reason: 'try-later' });
      assert.equal(await refused({ authorization: 'Bearer token-of-ann' }), 429);
      await reach('both', { [address]: 2, ann: 1, ben: 1 });
      first.close();
      await reach('room', { ann: 0 });
      const third = await openLiveSocket({ url, token: 'token-of-ann' });
      for (const socket of [other, third]) socket.close();
      await reach('nobody', { [address]: 0, ann: 0, ben: 0 });
    });

    test('whatever ends a connection, or keeps it from opening, gives its places back', async (t) => {
      const { url, reach, refused } = await start(t, serve, {});
      assert.equal(await refused({ authorization: 'Bearer wrong' }), 401);
      assert.equal(await refused({}, '?token=x'), 422);
      const killed = await connectClient(url, { path: '', protocols });
      const garbled = await connectClient(url, { path: '', protocols });
      const wrong = connectLiveSocket(url);
      await wrong.opened;
      await reach('three', { [address]: 3 });
      killed.send(JSON.stringify({ id: 1, connect: { token: 'token-of-ann' } }));
      // Gone while limits are asked.
      killed.kill();
      garbled.send('no message of the protocol');
      assert.equal((await garbled.end).code, 4504);
      await wrong.ask('connect', { token: 'wrong' });
      await reach('nobody', { [address]: 0, ann: 0 });
    });
  });
};
