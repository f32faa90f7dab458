import { spoilCollections, spoilOutbox, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'marking events changes neither version nor document',
  spoil(healthy) {
    const touches: (() => Promise<void>)[] = [];
    const spoilt = spoilCollections(healthy, (collection) => ({
      async insert(id, doc, events) {
        touches.push(async () => {
          const stored = await collection.get(id);
          if (stored !== null) await collection.save(id, stored.version, stored.doc);
        });
        return collection.insert(id, doc, events);
      },
    }));
    return spoilOutbox(spoilt, (outbox) => ({
      async markPublished(events) {
        await outbox.markPublished(events);
        for (const touch of touches) await touch();
      },
    }));
  },
};
