import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWsSocketServer } from '@simfleet/sockets/ws';
import { chooseSocketServer } from '@simfleet/wiring';

test('without uWebSockets.js `auto` is ws and tells why, and `uws` is refused', async () => {
  const told: string[] = [];
  assert.equal(await chooseSocketServer('auto', (reason) => void told.push(reason)), createWsSocketServer);
  assert.match(told.join(), /uWebSockets\.js/);
  assert.equal(await chooseSocketServer('ws'), createWsSocketServer);
  await assert.rejects(chooseSocketServer('uws'), { code: 'invalid-configuration', message: /choose ws or auto/ });
});
