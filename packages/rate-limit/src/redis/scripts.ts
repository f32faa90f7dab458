import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Algorithm } from '../rule.ts';

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

/** Which parts of `lua/` hold an algorithm, and what its functions are called there. */
const partsOf: Readonly<Record<Algorithm, { readonly parts: readonly string[]; readonly name: string }>> = {
  'token-bucket': { parts: ['bucket'], name: 'bucket' },
  'leaky-bucket': { parts: ['bucket'], name: 'bucket' },
  'sliding-log': { parts: ['weigh', 'sliding-log'], name: 'log' },
  'sliding-counter': { parts: ['weigh', 'sliding-counter'], name: 'counter' },
  'fixed-window': { parts: ['weigh', 'fixed-window'], name: 'fixed' },
  concurrency: { parts: ['weigh', 'concurrency'], name: 'concurrency' },
};

const algorithms = Object.keys(partsOf) as readonly Algorithm[];

const read = (part: string): string => readFileSync(join(import.meta.dirname, 'lua', `${part}.lua`), 'utf8');

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

/** Puts the scripts together from `lua/`. */
export const loadScripts = (): Scripts => {
  const looking = (ending: string) => (algorithm: Algorithm) => {
    const { parts, name } = partsOf[algorithm];
    return assemble([...['begin', ...parts].map(read), `local look = look_${name}`, read(ending)]);
  };
  const refunding = (algorithm: Algorithm): Script => {
    const { parts, name } = partsOf[algorithm];
    const all = ['begin', ...parts, `${parts.at(-1) ?? ''}-refund`];
    return assemble([...all.map(read), `local refund = refund_${name}`, read('refund')]);
  };
  const everything = new Set(algorithms.flatMap((algorithm) => partsOf[algorithm].parts));
  return {
    decide: forEach(looking('decide')),
    peek: forEach(looking('peek')),
    refund: forEach(refunding),
    decideTogether: assemble(['begin', ...everything, 'decide-together'].map(read)),
  };
};
