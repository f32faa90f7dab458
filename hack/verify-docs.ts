// Every path that a Markdown file names must exist, every package must have a README, and no source file may pass 500 lines silently.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => existsSync(file));
const mistakes: string[] = [];

/** `[text](path)` links, and `code` that looks like a path; a README may also name paths from its package or its sources. */
const places = (markdown: string, file: string): readonly (readonly string[])[] => {
  const here = dirname(file);
  const links = [...markdown.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, path = '']) => [
    join(here, path),
  ]);
  const roots = 'packages|services|operator|charts|test|bench|hack|k6|examples|docs';
  const code = [...markdown.matchAll(new RegExp(`\`((?:${roots})/[A-Za-z0-9_./-]+)\``, 'g'))].map(([, path = '']) =>
    ['', here, join(here, 'src')].map((base) => join(base, path)),
  );
  return [...links, ...code];
};

for (const file of tracked.filter((name) => name.endsWith('.md') && !name.startsWith('docs/reference/'))) {
  for (const candidates of places(readFileSync(file, 'utf8'), file))
    if (!candidates.some((path) => existsSync(path)))
      mistakes.push(`${file}: names ${candidates[0]}, which does not exist`);
}

for (const file of tracked.filter((name) => /(^|\/)package\.json$/.test(name))) {
  if (!existsSync(join(dirname(file), 'README.md'))) mistakes.push(`${dirname(file)}: has no README.md`);
}

for (const file of tracked.filter((name) => name.endsWith('.ts'))) {
  const source = readFileSync(file, 'utf8');
  const lines = source.split('\n').length;
  if (lines > 500 && !/^(\/\/|\/\*).*\b(long|lines|length)\b/i.test(source))
    mistakes.push(`${file}: ${lines} lines, and its first comment does not say why it is that long`);
}

for (const mistake of mistakes) console.error(mistake);
if (mistakes.length > 0) process.exit(1);
console.log(`verify-docs: ${tracked.length} files checked`);
