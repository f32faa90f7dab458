import { execFileSync } from 'node:child_process';
import { exitCodes } from '@simfleet/cli';

/** What the command itself prints, so that the reference cannot say anything else. */
const help = (...command: readonly string[]): string =>
  execFileSync(process.execPath, ['packages/cli/bin/simfleet.js', ...command, '--help'], {
    encoding: 'utf8',
    env: { ...process.env, COLUMNS: '100', NO_COLOR: '1' },
  }).trimEnd();

const fenced = (text: string): readonly string[] => ['```text', text, '```'];

export const generateCliReference = (): string => {
  const whole = help();
  const names = [...whole.matchAll(/^ {2}([a-z][a-z-]*)(?: [<[].*?)? {2,}/gm)].map(([, name]) => name ?? '');
  return [
    '# The simfleet command',
    '',
    'Generated from `simfleet --help` and the exit codes of `packages/cli/src/exit-codes.ts`.',
    '',
    ...fenced(whole),
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |`),
    ...names
      .filter((name) => name !== 'help')
      .flatMap((name) => ['', `## simfleet ${name}`, '', ...fenced(help(name))]),
    '',
  ].join('\n');
};
