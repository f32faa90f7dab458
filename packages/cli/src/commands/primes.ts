import { Command } from 'commander';
import { primeLines } from '../primes/lines.ts';
import type { ExitName } from '../exit-codes.ts';
import type { Cli } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { examples, wholeNumber } from './flags.ts';

/** Writes as fast as the reader reads: memory stays the same for any count. */
const primes = async ({ stdout, interrupted }: Terminal, count: number): Promise<ExitName> => {
  for (const chunk of primeLines(count)) {
    await stdout.write(chunk);
    if (interrupted.aborted) return 'interrupted';
  }
  return 'ok';
};

export const primesCommand = (cli: Cli): Command =>
  new Command('primes')
    .summary('print the first prime numbers')
    .description('Print the first n prime numbers, one a line. Needs no platform.')
    .argument('[n]', 'how many, at least 1', wholeNumber(1), 100)
    .addHelpText('after', examples('simfleet primes', 'simfleet primes 1000000 | tail -1'))
    .action(async (count: number) => cli.end(await primes(cli.terminal, count)));
