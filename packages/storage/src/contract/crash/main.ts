import type { Storage } from '../../storage.ts';
import { note, noteEvent, openNotes } from '../samples.ts';
import type { OpenAt } from '../suite.ts';
import { openTally, relayInto } from './tally.ts';

/** The process that the suite kills: `main.ts <scenario> <opener> <directory>`. It says on standard output what was acknowledged. */

/** Pipes are written at once on Linux: what was said is on its way before the next write begins. */
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const forever = new Promise<never>(() => undefined);

const appendForever = async (storage: Storage, writer: number): Promise<never> => {
  for (let round = 0; ; round += 1) {
    const entries = [0, 1, 2].map((each) => ({ key: `${writer}-${round}-${each}`, data: { round } }));
    const appended = await storage.log.append('s', entries);
    appended.forEach(({ position }, index) => say(`log ${position} ${entries[index]?.key ?? ''}`));
  }
};

const saveForever = async (storage: Storage, id: string): Promise<never> => {
  const notes = await openNotes(storage);
  for (let version = 1; ; version += 1) {
    const [doc, events] = [note({ weight: version }), [noteEvent(id, `${id}-${version}`)]];
    await (version === 1 ? notes.insert(id, doc, events) : notes.save(id, version - 1, doc, events));
    say(`doc ${id} ${version}`);
  }
};

const scenarios: Readonly<Record<string, (storage: Storage) => Promise<unknown>>> = {
  write: (storage) =>
    Promise.race([
      ...[0, 1, 2, 3].map((writer) => appendForever(storage, writer)),
      ...['a', 'b'].map((id) => saveForever(storage, id)),
    ]),
  /** The relay has read the event and is about to hand it over. */
  async 'die-before-publish'(storage) {
    await relayInto(storage, { count: () => (say('now'), forever) });
    await (await openNotes(storage)).insert('a', note(), [noteEvent('a', 'made')]);
  },
  /** The consumer has committed its effect, and the mark is not written yet. */
  async 'die-after-effect'(storage) {
    const tally = await openTally(storage);
    await relayInto(storage, { count: async (event) => (await tally.count(event), say('now'), forever) });
    await (await openNotes(storage)).insert('a', note(), [noteEvent('a', 'made')]);
  },
};

const [scenario = '', opener = '', directory = ''] = process.argv.slice(2);
const { openAt } = (await import(opener)) as { readonly openAt: OpenAt };
await scenarios[scenario]?.(await openAt(directory));
