import type { LimitPolicy, RateLimitPolicy } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Stored } from '@simfleet/storage';

/** A policy as stored; id = its name. Policies belong to the platform. */
export interface PolicyDocument {
  readonly customer: string;
  readonly policy: LimitPolicy;
  readonly createdAt: string;
  /** Differs from that of an earlier policy of the same name. */
  readonly incarnation: string;
  /** A default that was deleted: kept, so that it does not come back at the next start. */
  readonly deleted: boolean;
}

export type StoredPolicy = Stored<PolicyDocument>;
export type PolicyCollection = Collection<PolicyDocument>;

export const policiesCollection = {
  name: 'rate_limit_policies',
  fields: {
    name: { path: ['policy', 'name'], type: 'text' },
    createdAt: { path: ['createdAt'], type: 'time' },
    deleted: { path: ['deleted'], type: 'boolean' },
  },
  sorts: ['name', 'createdAt'],
} as const satisfies CollectionDeclaration;

/** Rows that are policies. */
export const notDeleted = { op: 'eq', field: 'deleted', value: false } as const;

export const policyView = ({ version, doc }: StoredPolicy): RateLimitPolicy => ({
  ...doc.policy,
  createdAt: doc.createdAt,
  version,
});
