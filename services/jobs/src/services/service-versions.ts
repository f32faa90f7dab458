import { errorCode } from '@simfleet/contracts';
import { canonicalJson } from '@simfleet/domain';
import { unmarked } from '../removal/remove-unused.ts';
import { versionId } from './service-document.ts';
import type { ServiceCollection, ServiceDocument, StoredService } from './service-document.ts';

/** A document for each version of a service, made from the newest version as it is stored: that save alone decides what a version is. */
export interface ServiceVersions {
  get(service: Pick<ServiceDocument, 'name' | 'incarnation'>, version: number): Promise<StoredService | null>;
  /** Writes the document of the version, which is or was the newest as stored. Whoever does so, however late or often, writes the same. */
  keep(doc: ServiceDocument): Promise<void>;
  /** Removes those of a deleted service. What a crash leaves over belongs to no service. */
  drop(last: ServiceDocument): Promise<void>;
}

export const openServiceVersions = (collection: ServiceCollection): ServiceVersions => ({
  get: (service, version) => collection.get(versionId(service, version)),
  async keep(doc) {
    const id = versionId(doc, doc.version);
    const there = await collection.get(id);
    if (there !== null && isSameRun(there.doc, doc)) return;
    // Another one is of release 0.1.0, which wrote versions before they were decided.
    const write =
      there === null ? collection.insert(id, unmarked(doc)) : collection.save(id, there.version, unmarked(doc));
    await write.catch(ignoreFaster);
  },
  async drop(last) {
    for (let version = 1; version <= last.version; version++) {
      const stored = await collection.get(versionId(last, version));
      if (stored !== null) await collection.delete(stored.id, stored.version).catch(ignoreFaster);
    }
  },
});

/** Whether jobs of both documents would run alike. */
export const isSameRun = (before: ServiceDocument, after: ServiceDocument): boolean =>
  before.kernelHash === after.kernelHash &&
  before.engineVersion === after.engineVersion &&
  canonicalJson(before.spec) === canonicalJson(after.spec);

/** Somebody else did the same. */
const ignoreFaster = (error: unknown): void => {
  const code = errorCode(error);
  if (code !== 'already-exists' && code !== 'version-conflict' && code !== 'not-found') throw error;
};
