import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../../docs/chaos.md', import.meta.url));

const git = (...words: readonly string[]): string => execFileSync('git', words, { encoding: 'utf8' }).trim();

/** Writes the outcome of a full run into its section of docs/chaos.md, which has to be there, in place of the one before. */
export const recordRun = (section: string, outcome: readonly string[]): void => {
  const isChanged = git('status', '--porcelain', '--', 'packages', 'services', 'test') !== '';
  const lines = [
    `- date: ${new Date().toISOString().slice(0, 10)}`,
    `- commit: ${git('rev-parse', '--short=12', 'HEAD')}${isChanged ? ' with changes not committed' : ''}`,
    `- machine: ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${process.version}`,
    ...outcome.map((line) => `- ${line}`),
  ];
  const parts = readFileSync(page, 'utf8').split(/^(?=## )/m);
  const at = parts.findIndex((part) => part.startsWith(`## ${section}\n`));
  if (at < 0) throw new Error(`docs/chaos.md has no section "${section}"`);
  const text = (parts[at] ?? '').replace(/^- date: [^]*/m, '').trimEnd();
  parts[at] = `${text}\n\n${lines.join('\n')}\n${at < parts.length - 1 ? '\n' : ''}`;
  writeFileSync(page, parts.join(''));
};
