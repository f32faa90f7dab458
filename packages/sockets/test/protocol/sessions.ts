import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Principal } from '@simfleet/contracts';
import { openLiveSocket, until } from '@simfleet/testing';
import type { SteeredAddress, SteeredOptions, SteeredState, Steering } from './steered.ts';

/** Serves `serveSteered` on a driver. */
export type StartSteered = (
  options: SteeredOptions,
) => Promise<SteeredAddress & { readonly stop: () => Promise<void> }>;

const ann: Principal = { id: 'ann', kind: 'user', customers: ['acme', 'other'] };
const ben: Principal = { id: 'ben', kind: 'user', customers: ['acme'] };
const tokens = { 'token-of-ann': ann, 'token-of-ben': ben };
const recheckMs = 50;

const start = async (t: TestContext, serve: StartSteered, options: Partial<SteeredOptions> = {}) => {
  const { url, control, stop } = await serve({ tokens, recheckMs, ...options });
  t.after(stop);
  const steer = async (steering: Steering): Promise<SteeredState> => {
    const response = await fetch(control, { method: 'POST', body: JSON.stringify(steering) });
    return (await response.json()) as SteeredState;
  };
  /** Waits until every token was asked about once more, and once again, so that whoever was to be closed is. */
  const lookTwice = async (steering: Steering = {}): Promise<void> => {
    const { asked } = await steer(steering);
    await until('two more looks', async () => (await steer({})).asked >= asked + 4);
  };
  return { url, steer, lookTwice };
};

/** Open connections are held to what their tokens are worth now. */
export const testSessions = (name: string, serve: StartSteered): void => {
  describe(`${name}: sessions`, { concurrency: true }, () => {
    for (const by of ['header', 'connect'] as const)
      test(`a token that is taken back closes its connections, by ${by}, and no others`, async (t) => {
        const { url, steer, lookTwice } = await start(t, serve);
        const [hers, his] = [
          await openLiveSocket({ url, token: 'token-of-ann', by }),
          await openLiveSocket({ url, token: 'token-of-ben', by }),
        ];
        await lookTwice();
        assert.ok('ok' in (await hers.ask('who', {})), 'a good token goes on');
        await steer({ tokens: { 'token-of-ben': ben } });
        assert.deepEqual(await hers.closed, { code: 4501, reason: 'unauthenticated' });
        assert.ok('ok' in (await his.ask('who', {})));
      });

    test('a token that may do something else than before closes, to come back', async (t) => {
      const { url, steer } = await start(t, serve);
      const socket = await openLiveSocket({ url, token: 'token-of-ann' });
      await steer({ tokens: { ...tokens, 'token-of-ann': { ...ann, customers: ['other'] } } });
      assert.deepEqual(await socket.closed, { code: 4003, reason: 'access-changed' });
      const again = await openLiveSocket({ url, token: 'token-of-ann' });
      const answer = await again.ask('who', {});
      assert.deepEqual('ok' in answer && answer.ok, { principal: { ...ann, customers: ['other'] } });
    });

    test('while tokens cannot be checked connections stay, and are closed by the first look that can', async (t) => {
      const { url, steer, lookTwice } = await start(t, serve);
      const [hers, his] = [
        await openLiveSocket({ url, token: 'token-of-ann' }),
        await openLiveSocket({ url, token: 'token-of-ben' }),
      ];
      await lookTwice({ away: true });
      assert.equal((await steer({})).connections, 2);
      await steer({ away: false, tokens: { 'token-of-ben': ben } });
      assert.equal((await hers.closed).code, 4501);
      assert.ok('ok' in (await his.ask('who', {})));
    });

    test('a token is asked about once a look, however many connections it has, and not at all when they are gone', async (t) => {
      const { url, steer } = await start(t, serve, { recheckMs: 200 });
      const open = (): Promise<unknown> => openLiveSocket({ url, token: 'token-of-ann', by: 'header' });
      const sockets = (await Promise.all(Array.from({ length: 600 }, open))) as Awaited<
        ReturnType<typeof openLiveSocket>
      >[];
      const { asked } = await steer({});
      await until('some looks', async () => (await steer({})).asked >= asked + 3);
      assert.ok((await steer({})).asked < asked + 600);
      for (const socket of sockets) socket.close();
      await until('nobody', async () => (await steer({})).connections === 0);
      await until('no more looks', async () => {
        const before = await steer({});
        await new Promise((resolve) => setTimeout(resolve, 500));
        return (await steer({})).asked === before.asked;
      });
    });
  });
};
