import type { CollectionDeclaration } from '@simfleet/storage';

/** What is kept of a request with an Idempotency-Key. Its id is the digest of principal and key. */
export interface IdempotencyRecord {
  readonly customer: string;
  /** Digest of method, URL, preconditions and body: the same key for another request is a mistake. */
  readonly fingerprint: string;
  /** The process that runs the request, and until when it alone may. */
  readonly owner: string;
  readonly leaseUntil: string;
  /** First sight of the key: part of the ids of what the request makes, so never changed by a repetition. */
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Null until the request is done. */
  readonly response: StoredResponse | null;
}

export interface StoredResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it was sent; null for none. */
  readonly body: string | null;
}

export const idempotencyCollection: CollectionDeclaration = {
  name: 'idempotency',
  fields: { expiresAt: { path: ['expiresAt'], type: 'time' } },
  sorts: ['expiresAt'],
};
