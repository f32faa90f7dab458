import { runMain } from '@simfleet/runtime';
import { openBus } from '@simfleet/wiring';
import { operatorParts } from './config.ts';
import { startOperator } from './start-operator.ts';

await runMain({
  name: 'simfleet-operator',
  purpose:
    'Keeps the SimulationJobs and SimulationServices of a cluster: an Indexed Job for each run, and their status.',
  options: operatorParts,
  start: ({ configuration: { operator: options }, runtime, print }) =>
    startOperator({
      ...{ options, runtime },
      openBus: () => openBus({ url: options.bus, tracing: runtime.tracing }),
      onReady: (url) => options.printReady && print(`${JSON.stringify({ url, pid: process.pid })}\n`),
    }),
});
