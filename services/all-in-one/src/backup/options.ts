import { resolve } from 'node:path';
import { z } from 'zod';
import { backUp, checkFile, restore } from './operations.ts';
import type { Summary, Surroundings } from './operations.ts';

/** Options of the process that backs up and restores, beside those of the platform. */
export const backupOptions = z.object({
  operation: z.enum(['backup', 'restore', 'verify']).describe('What to do.'),
  backupFile: z.string().min(1).describe('The file; - for standard output, of a backup.'),
});
export type BackupOptions = z.infer<typeof backupOptions>;

/** Does what the options say. */
export const operate = (
  surroundings: Surroundings,
  { operation, backupFile }: BackupOptions,
  { storage: url, dataDir }: { readonly storage: string; readonly dataDir: string },
): Promise<Summary> => {
  const store = { url, dataDirectory: resolve(dataDir) };
  const file = resolve(backupFile);
  if (operation === 'verify') return checkFile(surroundings, file);
  if (operation === 'restore') return restore(surroundings, file, store);
  return backUp(surroundings, store, backupFile === '-' ? null : file);
};
