import type { Storage } from '../storage.ts';

/** What the suite needs of an adapter. */
export interface StorageSuite {
  /** Names the adapter in every title. */
  readonly name: string;
  /** A fresh, empty store. The suite closes it. */
  readonly open: () => Promise<Storage>;
  readonly capabilities: {
    /** What `Storage.shared` says. Several stores are then opened on one directory at the same time. */
    readonly shared: boolean;
    /** Null for a store that dies with its process. */
    readonly durable: Durable | null;
    /** Random sequences of operations that are compared with the memory store; usually 50. */
    readonly runs?: number;
  };
}

/** A store that outlives its process. */
export interface Durable {
  /** URL of a module that exports `openAt(directory)` as `OpenAt`; child processes import it too. */
  readonly opener: string;
  /** Makes an empty directory, which for a server is a name of a database that is to be: absolute path or not, the opener knows. */
  readonly makeDirectory: () => Promise<string>;
  /** Takes the index of a sort away, as somebody with a shell on the database could. The store is closed meanwhile. */
  readonly dropIndex: (directory: string, collection: string, sort: string) => Promise<void>;
}

/** Opens the store in the directory, runs a check on it and closes it whatever happens. */
export const reopened = async (
  { opener }: Pick<Durable, 'opener'>,
  directory: string,
  check: (storage: Storage) => Promise<void>,
): Promise<void> => {
  const { openAt } = (await import(opener)) as { readonly openAt: OpenAt };
  await withStorage({ open: () => openAt(directory) }, check);
};

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
