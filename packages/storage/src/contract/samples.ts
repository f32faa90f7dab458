import assert from 'node:assert/strict';
import { errorCode, type ErrorCode, type SimfleetError } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, NewEvent } from '../collection.ts';
import type { Storage } from '../storage.ts';

/** A document with a field of every type. */
export interface Note {
  readonly customer: string;
  readonly title?: string | null;
  readonly weight?: number | null;
  readonly serial?: string | null;
  readonly at?: string | null;
  readonly done?: boolean | null;
  readonly labels?: Readonly<Record<string, string>>;
  readonly more?: unknown;
}

export const fields = {
  customer: { path: ['customer'], type: 'text' },
  title: { path: ['title'], type: 'text' },
  weight: { path: ['weight'], type: 'number' },
  serial: { path: ['serial'], type: 'integer64' },
  at: { path: ['at'], type: 'time' },
  done: { path: ['done'], type: 'boolean' },
  /** Not sortable, and nested. */
  inner: { path: ['more', 'inner'], type: 'text' },
} as const satisfies CollectionDeclaration['fields'];

export const sorts = ['title', 'weight', 'serial', 'at', 'done'] as const;

export const openNotes = (storage: Storage, name = 'notes'): Promise<Collection<Note>> =>
  storage.collection<Note>({ name, fields, sorts });

export const note = (rest: Omit<Note, 'customer'> = {}): Note => ({ customer: 'acme', ...rest });

/** An event of the aggregate; `id` tells events of one test apart. */
export const noteEvent = (aggregate: string, id: string): NewEvent => ({
  specversion: '1.0',
  id,
  source: `/notes/${aggregate}`,
  type: 'dev.simfleet.shard.started.v1',
  time: '2026-01-02T03:04:05.678Z',
  customer: 'acme',
  datacontenttype: 'application/json',
  data: { jobId: aggregate, customer: 'acme', generation: 1, shard: 0, attempt: 1 },
});

/** Ids and versions of what waits in the outbox. */
export const pendingEvents = async (storage: Storage): Promise<readonly string[]> =>
  (await storage.outbox.pending(1000)).map(({ event }) => `${event.id}@${event.sourceversion}`);

/** Expects `invalid-request` with a mistake at this place. */
export const refusedAt = (pointer: string, promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.equal(errorCode(error), 'invalid-request', `expected invalid-request, got ${String(error)}`);
    assert.deepEqual(
      (error as SimfleetError).mistakes.map((mistake) => mistake.pointer),
      [pointer],
    );
    return true;
  });

/** Expects a refusal with this code. */
export const refused = (code: ErrorCode, promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.equal(errorCode(error), code, `expected ${code}, got ${String(error)}`);
    return true;
  });
