import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '@simfleet/runtime';
import { recordingLogger } from '@simfleet/testing';
import { busTrouble } from '../src/bus-trouble.ts';

test('each trouble of the bus is a line in the log and one more in the metrics', async () => {
  const [log, metrics] = [recordingLogger(), createMetrics()];
  const onTrouble = busTrouble({ logger: log.logger, metrics });
  assert.match(await metrics.metrics(), /^simfleet_bus_troubles_total 0$/m);
  onTrouble('Consumer slow may lose events', null);
  onTrouble('A listener of news failed', new Error('not listening'));
  assert.match(await metrics.metrics(), /^simfleet_bus_troubles_total 2$/m);
  const told = log.entries().map(({ level, message, err }) => [level, message, err === undefined]);
  assert.deepEqual(told, [
    ['warn', 'Consumer slow may lose events', true],
    ['warn', 'A listener of news failed', false],
  ]);
});
