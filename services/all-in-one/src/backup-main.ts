import { runMain } from '@simfleet/runtime';
import { backupOptions, operate } from './backup/options.ts';
import { platformParts } from './config.ts';
import { readPlatformVersion } from './platform-version.ts';

// The store's options come with those of the whole platform, so that its variables and its file of options serve here too.
await runMain({
  name: 'simfleet-backup',
  purpose: 'Dumps the store of a platform, and loads a dump into an empty one.',
  options: { ...platformParts, backup: backupOptions },
  otherVariables: ['SIMFLEET_URL', 'SIMFLEET_TOKEN'],
  start: async ({ configuration: { platform, backup }, runtime, stop }) => {
    const surroundings = {
      runtime,
      pid: process.pid,
      platformVersion: readPlatformVersion(),
      stdout: process.stdout.fd,
    };
    const summary = await operate(surroundings, backup, platform);
    runtime.logger.info({ summary }, 'done');
    stop();
    return { stop: async () => undefined };
  },
});
