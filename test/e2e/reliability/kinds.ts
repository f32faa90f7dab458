import type { Client, JobInput } from '../client.ts';
import { european } from '../scene.ts';

/** Crossed at the first look. */
const thresholds = [{ name: 'high', metric: 'price', above: '9' }];

/** Work that the load is made of; with another seed it is another job. On two idle cores: a moment, a second, half a second, 4 s. */
const kinds = {
  trivial: (seed: string) => european({ seed, maxPaths: '1000', shards: 1 }),
  watched: (seed: string) => european({ seed, maxPaths: '60000000', thresholds }),
  precise: (seed: string) =>
    european({ seed, thresholds, precision: { metric: 'price', relativeError: '0.0002', confidence: '0.99' } }),
  long: (seed: string) => european({ seed, maxPaths: '240000000', thresholds }),
} as const satisfies Record<string, (seed: string) => JobInput>;
export type Kind = keyof typeof kinds;

/** Far more work than any round waits for: it ends when somebody cancels it. */
export const endless = european({ maxPaths: '9000000000000' });

/** Different jobs of each kind; more would only repeat them. */
const variants = 2;

/** A job whose answer is known. */
export interface Known {
  readonly input: JobInput;
  readonly digest: string | null;
  /** Whether its threshold is crossed, once. */
  readonly crosses: boolean;
}

/** What each job answers when nobody disturbs it. */
export const undisturbed = async (client: Client): Promise<Readonly<Record<Kind, readonly Known[]>>> => {
  const known = async (input: JobInput): Promise<Known> => {
    const { id } = await client.create(input);
    const { resultDigest, thresholds: verdicts } = await client.result(id);
    return { input, digest: resultDigest, crosses: verdicts.some(({ verdict }) => verdict === 'Crossed') };
  };
  const all = async (kind: Kind): Promise<readonly Known[]> => {
    const found: Known[] = [];
    for (let seed = 0; seed < variants; seed++) found.push(await known(kinds[kind](String(seed))));
    return found;
  };
  return {
    trivial: await all('trivial'),
    watched: await all('watched'),
    precise: await all('precise'),
    long: await all('long'),
  };
};
