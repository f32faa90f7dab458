import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Algorithm } from '../rule.ts';
import { letters } from './charge-words.ts';

/** A script and the name under which Redis keeps it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** One script for each thing that is asked, so that a decision runs no line of other algorithms. */
export interface Scripts {
  readonly decide: Readonly<Record<Algorithm, Script>>;
  readonly peek: Readonly<Record<Algorithm, Script>>;
  readonly refund: Readonly<Record<Algorithm, Script>>;
  /** Several charges of any algorithms. */
  readonly decideTogether: Script;
}

/** What an algorithm is made of in `lua/`: its functions, and the name that its look and its refund go by. */
const partsOf: Readonly<Record<Algorithm, { readonly functions: readonly string[]; readonly name: string }>> = {
  'token-bucket': { functions: [], name: 'bucket' },
  'leaky-bucket': { functions: [], name: 'bucket' },
  'sliding-log': { functions: [], name: 'sliding-log' },
  'sliding-counter': { functions: ['weigh', 'sliding-counter'], name: 'sliding-counter' },
  'fixed-window': { functions: ['weigh'], name: 'fixed-window' },
  concurrency: { functions: ['weigh', 'concurrency'], name: 'concurrency' },
};

const algorithms = Object.keys(partsOf) as readonly Algorithm[];

const file = (part: string): string => readFileSync(join(import.meta.dirname, 'lua', `${part}.lua`), 'utf8');

/** The part, with those that it names by `--> part` in their places, and so on. */
const read = (part: string): string => file(part).replaceAll(/^ *--> ([\w-]+)$/gm, (_line, name: string) => read(name));

/** Comments would travel with every load and are nothing to Redis. */
const assemble = (texts: readonly string[]): Script => {
  const text = texts
    .flatMap((each) => each.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('--'))
    .join('\n');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
};

const forEach = (script: (algorithm: Algorithm) => Script): Readonly<Record<Algorithm, Script>> =>
  Object.fromEntries(algorithms.map((algorithm) => [algorithm, script(algorithm)])) as Record<Algorithm, Script>;

/** What a look and a refund work on and what they set. */
const one = 'local key, i, standing, answer, allowed, state, lasts, place = KEYS[1], 0, false, nil, true';

const asFunction = (algorithm: Algorithm): string => `looks['${letters[algorithm]}'] = function(key, i, standing)
local answer, allowed, state, lasts, place = nil, true
${read(`${partsOf[algorithm].name}-look`)}
return answer, allowed, state, lasts, place
end`;

/** Puts the scripts together from `lua/`. */
export const loadScripts = (): Scripts => {
  const alone = (middle: 'look' | 'refund', ending: string) => (algorithm: Algorithm) => {
    const { functions, name } = partsOf[algorithm];
    return assemble([...['begin', ...functions].map(read), one, read(`${name}-${middle}`), read(ending)]);
  };
  const functions = new Set(algorithms.flatMap((algorithm) => partsOf[algorithm].functions));
  return {
    decide: forEach(alone('look', 'decide')),
    peek: forEach(alone('look', 'peek')),
    refund: forEach(alone('refund', 'refund')),
    decideTogether: assemble([
      ...['begin', ...functions].map(read),
      'local looks = {}',
      ...algorithms.map(asFunction),
      read('decide-together'),
    ]),
  };
};
