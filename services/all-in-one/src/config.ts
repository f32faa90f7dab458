import { localExecutorOptions } from '@simfleet/local-executor';
import { z } from 'zod';
import { embeddedDefaults } from './embedded-defaults.ts';

/** Options of the platform as one process. */
const platformOptions = z.object({
  dataDir: z
    .string()
    .min(1)
    .default(embeddedDefaults.dataDir)
    .describe('Directory of the store, the tokens and the lock; made when it is not there.'),
  host: z.string().min(1).default(embeddedDefaults.host).describe('Address to listen on.'),
  port: z.int().min(0).max(65_535).default(embeddedDefaults.port).describe('Port to listen on; 0 takes a free one.'),
  storage: z
    .string()
    .default(embeddedDefaults.storage)
    .describe('Store: sqlite: (in the data directory), sqlite:<file> or memory:.'),
  bus: z.string().default(embeddedDefaults.bus).describe('Message bus: memory:.'),
  printReady: z
    .boolean()
    .default(false)
    .describe('Print one line of JSON, with url, pid and dataDir, on standard output once the platform is ready.'),
});

/** The options of all modules, by part. */
export const platformParts = { platform: platformOptions, 'local-executor': localExecutorOptions };
