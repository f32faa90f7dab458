import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveEvent } from '@simfleet/contracts';
import { createDisplay } from '../src/watch/display.ts';
import { aJob, anEstimate } from './support/builders.ts';
import { recordedTerminal } from './support/terminal.ts';

const time = '2026-01-01T00:00:00.000Z';
const progressEvent: LiveEvent = { type: 'progress', time, progress: aJob().progress, estimates: [anEstimate()] };
const crossed: LiveEvent = {
  type: 'threshold',
  time,
  threshold: { name: 'dear', verdict: 'Crossed', decidedBy: anEstimate() },
};
const running: LiveEvent = { type: 'state', time, state: 'Running', stopReason: null, message: null };
const failed: LiveEvent = {
  type: 'state',
  time,
  state: 'Failed',
  stopReason: 'BadInput',
  message: 'volatility is negative',
};

/** Shows one event every 100 ms for ten seconds. */
const tenSeconds = (given: Parameters<typeof recordedTerminal>[0], quiet = false): string => {
  let now = 0;
  const terminal = recordedTerminal({ ...given, now: () => now });
  const display = createDisplay(terminal, { metric: 'price', quiet });
  display.show(running);
  for (; now < 10_000; now += 100) display.show(progressEvent);
  display.show(crossed);
  display.show(failed);
  display.close();
  display.close();
  const { stdout, stderr } = terminal.said();
  assert.equal(stdout, '', 'standard output belongs to the result');
  return stderr;
};

test('without a terminal there is one plain line every few seconds, and one for each thing worth it', () => {
  const lines = tenSeconds({}).trimEnd().split('\n');
  assert.equal(lines.length, 6);
  assert.equal(lines[0], 'price 10.4506 ± 0.0010 (99%)  50 %  54.1 M paths/s  0:12 left');
  assert.deepEqual(lines.slice(-2), [
    'threshold dear crossed: price 10.4506 ± 0.0010 (99%)',
    'failed: volatility is negative',
  ]);
  assert.doesNotMatch(lines.join(''), /[\u001b\r]/);
});

test('on a terminal one line is drawn again and again, and gives way to what stays', () => {
  const text = tenSeconds({ isTTY: true });
  // Ten a second, once to make room for the threshold, once for the end.
  assert.equal(text.split('\r\u001b[2K').length - 1, 102);
  assert.match(text, /\r\u001b\[2Kthreshold dear crossed: [^\n]*\nfailed: volatility is negative\n/);
});

test('NO_COLOR and a dumb terminal get plain lines', () => {
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }])
    assert.doesNotMatch(tenSeconds({ isTTY: true, env }), /\u001b/);
});

test('quiet is quiet', () => assert.equal(tenSeconds({ isTTY: true }, true), ''));

test('trouble with the connection is told once and then that it is over', () => {
  const terminal = recordedTerminal();
  const display = createDisplay(terminal, { metric: undefined, quiet: false });
  display.trouble('the connection was cut');
  display.trouble(null);
  assert.equal(terminal.said().stderr, 'the connection was cut; trying again …\nconnected again\n');
});
