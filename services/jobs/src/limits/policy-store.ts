import { SimfleetError, createRateLimitPolicy, errorCode } from '@simfleet/contracts';
import type { CreateRateLimitPolicy, LimitPolicy, PatchRateLimitPolicy } from '@simfleet/contracts';
import { mistakesOf } from '@simfleet/http';
import { didYouMean } from '@simfleet/runtime';
import type { Clock } from '@simfleet/runtime';
import type { Position } from '@simfleet/storage';
import { mergePatch } from '../merge-patch.ts';
import { againWhenChanged } from '../removal/again-when-changed.ts';
import { drawIncarnation } from '../removal/incarnation.ts';
import type { CheckVersion } from '../removal/incarnation.ts';
import { platformCustomer } from '../services/service-document.ts';
import { checkOperations } from './check-operations.ts';
import { defaultPolicies } from './default-policies.ts';
import { notDeleted } from './policy-document.ts';
import type { PolicyCollection, PolicyDocument, StoredPolicy } from './policy-document.ts';

/** The policies as the store has them. */
export interface PolicyStore {
  /** Throws `not-found`. */
  get(name: string): Promise<StoredPolicy>;
  /** Throws `already-exists`, `invalid-request` when there are too many or it names operations for which it would never hold. */
  create(policy: CreateRateLimitPolicy): Promise<StoredPolicy>;
  /** Throws `not-found`, `invalid-request` for what comes out, and what `check` throws. */
  change(name: string, patch: PatchRateLimitPolicy, check: CheckVersion): Promise<StoredPolicy>;
  /** Answers what it was. Throws `not-found`, and what `check` throws. */
  delete(name: string, check: CheckVersion): Promise<StoredPolicy>;
  /** All of them. */
  all(): Promise<readonly LimitPolicy[]>;
  /** Makes the defaults that were never there. */
  seed(): Promise<void>;
}

/** Each is looked at with every request; more are a sign that users are written out one by one. */
const mostPolicies = 500;
const batch = 1000;

export const openPolicyStore = (collection: PolicyCollection, clock: Pick<Clock, 'now'>): PolicyStore => {
  const defaults = defaultPolicies();

  const rows = async (): Promise<readonly StoredPolicy[]> => {
    const found: StoredPolicy[] = [];
    for (let after: Position | undefined; ;) {
      const page = await collection.query({
        filter: notDeleted,
        sort: { field: 'name', direction: 'ascending' },
        limit: batch,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.rows);
      after = page.rows.at(-1)?.position;
      if (!page.more || after === undefined) return found;
    }
  };

  const get = async (name: string): Promise<StoredPolicy> => {
    const stored = await collection.get(name);
    if (stored !== null && !stored.doc.deleted) return stored;
    const names = (await rows()).map(({ id }) => id);
    throw new SimfleetError('not-found', `there is no rate limit policy "${name}"${didYouMean(name, names)}`);
  };

  const documentOf = (policy: LimitPolicy): PolicyDocument => ({
    customer: platformCustomer,
    policy,
    createdAt: new Date(clock.now()).toISOString(),
    incarnation: drawIncarnation(),
    deleted: false,
  });

  const create = async (policy: CreateRateLimitPolicy): Promise<StoredPolicy> => {
    checkOperations(policy, null);
    if ((await collection.count(notDeleted, mostPolicies)) >= mostPolicies)
      throw new SimfleetError('invalid-request', `there are ${mostPolicies} rate limit policies already: no more fit`);
    try {
      const before = await collection.get(policy.name);
      if (before === null) return await collection.insert(policy.name, documentOf(policy));
      if (before.doc.deleted) return await collection.save(before.id, before.version, documentOf(policy));
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'already-exists' && code !== 'version-conflict' && code !== 'not-found') throw error;
    }
    throw new SimfleetError('already-exists', `there is a rate limit policy "${policy.name}" already`);
  };

  return {
    get,
    create,
    change: (name, patch, check) =>
      againWhenChanged(async () => {
        const { doc, version } = await get(name);
        check(version, doc.incarnation);
        return collection.save(name, version, { ...doc, policy: patched(doc.policy, patch) });
      }),
    delete: (name, check) =>
      againWhenChanged(async () => {
        const stored = await get(name);
        check(stored.version, stored.doc.incarnation);
        const isDefault = defaults.some((policy) => policy.name === name);
        if (isDefault) await collection.save(name, stored.version, { ...stored.doc, deleted: true });
        else await collection.delete(name, stored.version);
        return stored;
      }),
    all: async () => (await rows()).map(({ doc }) => doc.policy),
    async seed() {
      for (const policy of defaults) {
        await collection.insert(policy.name, documentOf(policy)).catch((error: unknown) => {
          if (errorCode(error) !== 'already-exists') throw error;
        });
      }
    },
  };
};

const patched = (before: LimitPolicy, patch: PatchRateLimitPolicy): LimitPolicy => {
  const parsed = createRateLimitPolicy.safeParse(mergePatch(before, patch));
  if (parsed.success) {
    checkOperations(parsed.data, before);
    return parsed.data;
  }
  const mistakes = mistakesOf('body', createRateLimitPolicy, parsed.error.issues);
  throw new SimfleetError('invalid-request', 'the policy that comes out has mistakes', { mistakes });
};
