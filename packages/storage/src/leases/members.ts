import { errorCode } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Stored } from '../collection.ts';

/** A process on the store. The version of its document is its heartbeat. It is dead exactly when the document is gone. */
interface MemberDocument {
  readonly customer: string;
  readonly since: string;
}

export const membersCollection = {
  name: 'members',
  fields: { since: { path: ['since'], type: 'time' } },
  sorts: ['since'],
} as const satisfies CollectionDeclaration;
export type MemberCollection = Collection<MemberDocument>;

/** Processes on one store at most; more would not be watched. */
const mostMembers = 1000;

/** One heartbeat: answers the version written, and whether the document was gone, that is others took this process for dead. */
export const beat = async (
  members: MemberCollection,
  id: string,
  doc: MemberDocument,
  expected: number | null,
): Promise<{ readonly version: number; readonly wasGone: boolean }> => {
  let [version, wasGone] = [expected, false];
  for (;;) {
    try {
      const written = version === null ? await members.insert(id, doc) : await members.save(id, version, doc);
      return { version: written.version, wasGone };
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'not-found' && code !== 'version-conflict' && code !== 'already-exists') throw error;
      // A write whose answer was lost, or a document that was removed.
      version = (await members.get(id))?.version ?? null;
      wasGone ||= version === null && expected !== null;
    }
  }
};

/** The members of the store, at most a thousand. */
export const listMembers = async (members: MemberCollection): Promise<readonly Stored<MemberDocument>[]> =>
  (await members.query({ sort: { field: 'since', direction: 'ascending' }, limit: mostMembers })).rows;

/** Declares a member dead, unless it has shown life since that version. True when it is gone. */
export const bury = async (members: MemberCollection, id: string, version: number): Promise<boolean> => {
  try {
    await members.delete(id, version);
    return true;
  } catch (error) {
    if (errorCode(error) === 'not-found') return true;
    if (errorCode(error) === 'version-conflict') return false;
    throw error;
  }
};
