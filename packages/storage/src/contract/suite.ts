import type { Storage } from '../storage.ts';

/** What the suite needs of an adapter. */
export interface StorageSuite {
  /** Names the adapter in every title. */
  readonly name: string;
  /** A fresh, empty store. The suite closes it. */
  readonly open: () => Promise<Storage>;
  readonly capabilities: {
    /**
     * A store that outlives its process: URL of a module that exports `openAt(directory)` as `OpenAt`, which child processes import too,
     * and a function that makes an empty directory. Null for a store that dies with its process.
     */
    readonly durable: { readonly opener: string; readonly makeDirectory: () => Promise<string> } | null;
  };
}

export type OpenAt = (directory: string) => Promise<Storage>;

/** Runs a check on a fresh store and closes it whatever happens. */
export const withStorage = async <Result>(
  { open }: Pick<StorageSuite, 'open'>,
  check: (storage: Storage) => Promise<Result>,
): Promise<Result> => {
  const storage = await open();
  try {
    return await check(storage);
  } finally {
    await storage.close();
  }
};
