import type { Collection, Document } from '@simfleet/storage';

/**
 * Runs clients one store operation at a time, in every order that departs from the plain one in at most so many places, and with crashes at every step.
 * A client that is not chosen is one that is paused.
 */
export interface Turns {
  /** Resolves when the client may do its next operation; never again once it has crashed. */
  readonly turn: (client: number, isPause?: boolean) => Promise<void>;
  /** From now on nobody waits for a turn. */
  open(): void;
}

/** What happens at a step instead of the plain order. */
type Departure = { readonly step: number; readonly kind: 'switch' | 'crash'; readonly client: number };

export interface Round<World> {
  readonly world: World;
  /** What each client's work came to; null for those that crashed. */
  readonly outcomes: readonly (PromiseSettledResult<unknown> | null)[];
}

export interface Exploration<World> {
  readonly open: (turns: Turns) => Promise<World>;
  readonly clients: (world: World) => Promise<readonly (() => Promise<unknown>)[]>;
  /** Throws when the end of a round is not as it should be. */
  readonly check: (round: Round<World>) => Promise<void>;
  readonly departures: number;
  /** Whether clients crash, too; one a round. */
  readonly crashes?: boolean;
}

interface Waiting {
  readonly resume: () => void;
  readonly isPause: boolean;
}

const mostSteps = 5_000;

/** Microtasks of a store in memory, all of them. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Choice {
  readonly chosen: number;
  readonly ready: readonly number[];
}

/** One round. Answers who could have gone at each step, for the rounds that depart from this one. */
const play = async <World>(
  { open, clients, check }: Exploration<World>,
  departures: readonly Departure[],
): Promise<readonly Choice[]> => {
  const waiting = new Map<number, Waiting>();
  let isOpen = true;
  const turns: Turns = {
    turn: (client, isPause = false) =>
      isOpen ? Promise.resolve() : new Promise((resume) => waiting.set(client, { resume, isPause })),
    open: () => {
      isOpen = true;
    },
  };
  const world = await open(turns);
  const runs = await clients(world);
  isOpen = false;
  const outcomes: (PromiseSettledResult<unknown> | null)[] = [];
  runs.forEach((run, client) => {
    outcomes.push(null);
    void Promise.allSettled([run()]).then(([outcome]) => (outcomes[client] = outcome));
  });
  await settled();
  const crashed = new Set<number>();
  const choices: Choice[] = [];
  let current = 0;
  for (let step = 0; ; step++) {
    const departure = departures.find((each) => each.step === step);
    if (departure?.kind === 'crash') crashed.add(departure.client);
    const ready = [...waiting.keys()].filter((client) => !crashed.has(client)).sort((a, b) => a - b);
    if (ready.length === 0) break;
    if (step > mostSteps) throw new Error('the clients go on for ever');
    const next = departure?.kind === 'switch' ? departure.client : plainNext(current, ready, waiting);
    current = ready.includes(next) ? next : (ready[0] ?? 0);
    choices.push({ chosen: current, ready });
    const { resume } = waiting.get(current) ?? { resume: () => undefined };
    waiting.delete(current);
    resume();
    await settled();
  }
  isOpen = true;
  await check({ world, outcomes });
  return choices;
};

/** The same client goes on until it is done or pauses by itself; then the next one. */
const plainNext = (current: number, ready: readonly number[], waiting: ReadonlyMap<number, Waiting>): number => {
  if (waiting.get(current)?.isPause === false && ready.includes(current)) return current;
  return ready.find((client) => client > current) ?? ready[0] ?? current;
};

/** Answers the number of rounds. Throws what `check` throws, with the way that led there. */
export const explore = async <World>(exploration: Exploration<World>): Promise<number> => {
  let rounds = 0;
  const from = async (departures: readonly Departure[]): Promise<void> => {
    rounds += 1;
    let choices: readonly Choice[];
    try {
      choices = await play(exploration, departures);
    } catch (error) {
      throw new Error(`after ${JSON.stringify(departures)}`, { cause: error });
    }
    if (departures.length >= exploration.departures) return;
    const hasCrash = departures.some(({ kind }) => kind === 'crash');
    for (let step = (departures.at(-1)?.step ?? -1) + 1; step < choices.length; step++) {
      const { chosen, ready } = choices[step] ?? { chosen: 0, ready: [] };
      if (exploration.crashes === true && !hasCrash)
        await from([...departures, { step, kind: 'crash', client: chosen }]);
      for (const client of ready) if (client !== chosen) await from([...departures, { step, kind: 'switch', client }]);
    }
  };
  await from([]);
  return rounds;
};

/** The collection as a client sees it whose every operation waits for its turn. */
export const stepped = <Doc extends Document>(inner: Collection<Doc>, turn: () => Promise<void>): Collection<Doc> => ({
  get: (id) => turn().then(() => inner.get(id)),
  insert: (id, doc, events) => turn().then(() => inner.insert(id, doc, events)),
  save: (id, expected, doc, events) => turn().then(() => inner.save(id, expected, doc, events)),
  delete: (id, expected, events) => turn().then(() => inner.delete(id, expected, events)),
  query: (query) => turn().then(() => inner.query(query)),
  count: (filter, atMost) => turn().then(() => inner.count(filter, atMost)),
});
