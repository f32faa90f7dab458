import type { CollectionDeclaration, NewEvent } from '@simfleet/storage';

export const type = 'dev.simfleet.shard.started.v1';

/** What carries the events: each is written with one of them, so each has a source of its own, as when many jobs change at once. */
export interface Carrier {
  readonly customer: string;
}

export const carriers = { name: 'carriers', fields: {}, sorts: [] } as const satisfies CollectionDeclaration;

export const eventOf = (id: string): NewEvent => ({
  specversion: '1.0',
  id,
  source: `/jobs/${id}`,
  type,
  time: '2026-01-01T00:00:00.000Z',
  customer: 'acme',
  datacontenttype: 'application/json',
  data: { jobId: id, customer: 'acme', generation: 1, shard: 0, attempt: 1 },
});
