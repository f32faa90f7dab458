import { runMain } from '@simfleet/runtime';
import { platformParts } from './config.ts';
import { startPlatform } from './start-platform.ts';

await runMain({
  name: 'simfleet',
  options: platformParts,
  otherVariables: ['SIMFLEET_URL', 'SIMFLEET_TOKEN'],
  start: ({ configuration, runtime, print, stop }) =>
    startPlatform({ configuration, runtime, print, stop, execPath: process.execPath, pid: process.pid }),
});
