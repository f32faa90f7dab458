import type { DumpRecord, NewEvent, Storage } from '@simfleet/storage';

/** What `<version>.sql` holds: the file of a platform of that schema version on which `fill` had run, as SQL. Never edited once released. */

interface Page {
  readonly customer: string;
  readonly title: string | null;
  readonly size: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export const declaration = {
  name: 'pages',
  fields: {
    customer: { path: ['customer'], type: 'text' },
    title: { path: ['title'], type: 'text' },
    size: { path: ['size'], type: 'integer64' },
  },
  sorts: ['title', 'size'],
} as const;

const event = (id: string): NewEvent => ({
  specversion: '1.0',
  id,
  source: `/pages/${id}`,
  type: 'dev.simfleet.shard.started.v1',
  time: '2026-01-02T03:04:05.678Z',
  customer: 'acme',
  datacontenttype: 'application/json',
  data: { jobId: id, customer: 'acme', generation: 1, shard: 0, attempt: 1 },
});

const a: Page = { customer: 'acme', title: null, size: '18446744073709551615' };
const b: Page = { customer: 'zeta', title: "it's 😀", size: '9', labels: { tier: 'x' } };

export const fill = async (storage: Storage): Promise<void> => {
  const pages = await storage.collection<Page>(declaration);
  await pages.insert('b', b);
  await pages.insert('a', { ...a, title: 'first' }, [event('a')]);
  await pages.save('a', 1, a);
  await pages.insert('gone', a);
  await pages.delete('gone', 1, [event('gone')]);
  await storage.log.append('s', [
    { key: 'x', data: 1 },
    { key: 'y', data: { z: [null], a: '\u0000' } },
  ]);
  await storage.log.trim('s', 1);
};

export const content: readonly DumpRecord[] = [
  { kind: 'collection', declaration },
  { kind: 'document', collection: 'pages', id: 'a', version: 2, doc: a },
  { kind: 'document', collection: 'pages', id: 'b', version: 1, doc: b },
  { kind: 'event', collection: 'pages', document: 'a', event: { ...event('a'), sourceversion: 1 } as const },
  { kind: 'event', collection: 'pages', document: 'gone', event: { ...event('gone'), sourceversion: 2 } as const },
  { kind: 'stream', name: 's', last: 2 },
  { kind: 'entry', stream: 's', position: 2, key: 'y', data: { z: [null], a: '\u0000' } },
];
