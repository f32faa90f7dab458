import { test } from 'node:test';
import { uwsRuntime } from '@simfleet/testing';
import { testSocketServer } from '@simfleet/sockets/contract';
import { childrenOf } from './uws/child.ts';

const runtime = uwsRuntime();

if ('missing' in runtime) test('the suite for sockets on uWebSockets.js', { skip: runtime.missing });
else
  testSocketServer({
    name: 'uws',
    start: childrenOf(runtime, 'fixture-main.ts'),
    traits: { explainsViolations: false, refusesUnmasked: false, closeMs: 20_000, handshakeMs: 10_000 },
  });
