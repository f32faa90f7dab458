import { test } from 'node:test';
import { uwsRuntime } from '@simfleet/testing';
import { testPlaces } from './protocol/places.ts';
import { testSessions } from './protocol/sessions.ts';
import type { StartSteered } from './protocol/sessions.ts';
import { childrenOf } from './uws/child.ts';

const runtime = uwsRuntime();

if ('missing' in runtime) test('the protocol on uWebSockets.js', { skip: runtime.missing });
else {
  const serve: StartSteered = childrenOf(runtime, 'steered-main.ts');
  testSessions('uws', serve);
  testPlaces('uws', serve);
}
