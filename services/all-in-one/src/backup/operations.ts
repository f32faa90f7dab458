import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { SimfleetError } from '@simfleet/contracts';
import type { RuntimeContext } from '@simfleet/runtime';
import { isInMemory, openDump, openStorage } from '@simfleet/wiring';
import type { StorageOptions } from '@simfleet/wiring';
import { archiveVersion } from './archive-format.ts';
import type { ArchiveFooter, ArchiveHeader } from './archive-format.ts';
import { makeFile } from './new-file.ts';
import { reportProgress } from './progress.ts';
import { recordsOf, verifyArchive } from './read-archive.ts';
import type { Archive } from './read-archive.ts';
import { differenceOf } from './tally.ts';
import { tallyOf, writeArchive } from './write-archive.ts';

/** What an operation did, for who asked. */
export interface Summary extends ArchiveFooter {
  /** Absolute; null = standard output. */
  readonly file: string | null;
  /** Of the file; null on standard output. */
  readonly bytes: number | null;
  readonly header: ArchiveHeader;
  /** The store that was restored into. */
  readonly into?: string;
}

export interface Surroundings {
  readonly runtime: RuntimeContext;
  readonly pid: number;
  readonly platformVersion: string;
  /** File descriptor of standard output. */
  readonly stdout: number;
}

/**
 * Writes everything in a store into a file, or to standard output (`file` null), beside platforms that use it. The file is read back before it gets its
 * name. Throws `already-exists`, `not-found`, `storage-full`, `invalid-configuration` and what the store throws; then there is no file.
 */
export const backUp = async (
  { runtime, pid, platformVersion, stdout }: Surroundings,
  from: StorageOptions,
  file: string | null,
): Promise<Summary> => {
  const store = await openDump(from);
  try {
    const created = new Date(runtime.clock.now()).toISOString();
    const header: ArchiveHeader = {
      ...{ simfleet: 'backup', version: archiveVersion },
      ...{ platform: platformVersion, store: store.description, created },
    };
    const write = (sink: NodeJS.WritableStream): Promise<ArchiveFooter> =>
      writeArchive({
        ...{ header, records: store.dump(), sink, signal: runtime.signal },
        onRecords: reportProgress(runtime, 'reading the store'),
      });
    if (file === null) {
      const footer = await write(createWriteStream('', { fd: stdout, autoClose: false }));
      return { file, bytes: null, header, ...footer };
    }
    let written: ArchiveFooter | undefined;
    const check = async (draft: string): Promise<void> => {
      const { footer } = await verifyArchive(draft, reportProgress(runtime, 'checking the file', written?.counts));
      if (footer.sha256 !== written?.sha256)
        throw new SimfleetError('internal', `${file} is not on the disk as it was written`);
    };
    await makeFile({ file, pid }, async (sink) => void (written = await write(sink)), check);
    return await summaryOf(file, { header, footer: written ?? (await verifyArchive(file, () => undefined)).footer });
  } finally {
    await store.close();
  }
};

const summaryOf = async (file: string, { header, footer }: Archive): Promise<Summary> => ({
  ...{ file, bytes: (await stat(file)).size, header },
  ...footer,
});

/** Throws `not-found` for no file. */
const needFile = async (file: string): Promise<void> => {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) throw new SimfleetError('not-found', `There is no file ${file}.`);
};

/** Checks a backup, and changes nothing. Throws `invalid-request` when it is torn or changed. */
export const checkFile = async ({ runtime }: Surroundings, file: string): Promise<Summary> => {
  await needFile(file);
  return summaryOf(file, await verifyArchive(file, reportProgress(runtime, 'checking the file')));
};

/**
 * Loads a backup into an empty store of any kind, and compares what the store then holds. The file is read to its end before the store is opened.
 * Throws `invalid-request` for a file that is torn or changed, `already-exists` when the store is not empty, `data-directory-held` when a platform
 * has it, `storage-damaged` when the store holds something else than it was given. Killed on the way, the store is empty, or refuses to serve.
 */
export const restore = async ({ runtime }: Surroundings, file: string, into: StorageOptions): Promise<Summary> => {
  if (isInMemory(into.url))
    throw new SimfleetError('invalid-configuration', 'A store in memory would be gone with this command.');
  await needFile(file);
  const archive = await verifyArchive(file, reportProgress(runtime, 'checking the file'));
  const { counts } = archive.footer;
  const store = await openStorage(into);
  try {
    const abortable = async function* (): ReturnType<typeof recordsOf> {
      for await (const record of recordsOf(file, archive, reportProgress(runtime, 'writing the store', counts))) {
        runtime.signal.throwIfAborted();
        yield record;
      }
    };
    await store.load(abortable());
    const found = await tallyOf(store.dump(), reportProgress(runtime, 'comparing the store', counts));
    const difference = differenceOf(archive.footer, found);
    if (difference !== null)
      throw new SimfleetError(
        'storage-damaged',
        `The store holds ${difference} after the restore: a platform used it meanwhile, or it is at fault. Empty it and restore again.`,
      );
    return { ...(await summaryOf(file, archive)), into: store.description };
  } finally {
    await store.close();
  }
};
