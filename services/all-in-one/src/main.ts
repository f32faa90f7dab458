import { runMain } from '@simfleet/runtime';
import { platformParts } from './config.ts';
import { startPlatform } from './start-platform.ts';

await runMain({
  name: 'simfleet',
  purpose: 'The platform, whole or in parts (--target). On a laptop `simfleet up` starts it.',
  options: platformParts,
  otherVariables: ['SIMFLEET_URL', 'SIMFLEET_TOKEN'],
  start: ({ configuration, runtime, print, stop }) =>
    startPlatform({ configuration, runtime, print, stop, execPath: process.execPath, pid: process.pid }),
});
