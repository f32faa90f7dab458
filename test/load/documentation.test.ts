import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'node:test';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const readme = read('k6/README.md');

interface Variable {
  readonly name: string;
  readonly range: string | undefined;
  readonly unset: string;
}

/** `LOAD_LIMIT: { kind: whole(1, 200), unset: '20' }` */
const variablesOf = (script: string): readonly Variable[] =>
  [
    ...script.matchAll(/(LOAD_[A-Z0-9_]+): \{ kind: (?:(?:whole|decimal)\(([^)]*)\)|[^}]*?), unset: ([^}]*?),? \}/g),
  ].map(([, name = '', range, unset = '']) => ({
    name,
    range: range?.replaceAll('_', ''),
    unset: unset.replaceAll("'", ''),
  }));

/** The lines of a table between its heading and the next. */
const partOf = (heading: string): string => readme.split(`### ${heading}\n`)[1]?.split('\n#')[0] ?? '';

for (const file of globSync('k6/scenarios/*.js', { cwd: root })) {
  const script = read(file);
  const name = basename(file, '.js');
  const head = script.slice(0, script.indexOf('\nimport '));

  void it(`every variable of ${name} is at its head and in k6/README.md, with its range and default`, () => {
    const variables = variablesOf(script);
    assert.equal(variables.length, new Set(script.match(/LOAD_[A-Z0-9_]+(?=: \{)/g)).size);
    for (const { name: variable, range, unset } of variables) {
      const inHead = head.split('\n').find((line) => line.startsWith(`//   ${variable} `)) ?? '';
      const inReadme = partOf(name)
        .split('\n')
        .find((line) => line.includes(`\`${variable}\``));
      assert.ok(inHead !== '', `${variable} is not at the head of ${file}`);
      assert.ok(inReadme !== undefined, `${variable} is not in k6/README.md`);
      if (range === undefined) continue;
      const [least = '', most = ''] = range.split(', ');
      assert.match(inHead, new RegExp(`; ${least} … ${most}, default ${unset}$`), `${variable} at the head of ${file}`);
      assert.match(inReadme, new RegExp(`\\| ${least} … ${most}, ${unset} +\\|`), `${variable} in k6/README.md`);
    }
  });

  void it(`the head and the README name no variable that ${name} does not know`, () => {
    const known = new Set(script.match(/LOAD_[A-Z0-9_]+(?=: \{)/g));
    const general = new Set(partOf('Of every script').match(/LOAD_[A-Z0-9_]+/g));
    const named = [...head.matchAll(/LOAD_[A-Z0-9_]+/g), ...partOf(name).matchAll(/LOAD_[A-Z0-9_]+/g)].map(String);
    assert.deepEqual(
      named.filter((variable) => !known.has(variable) && !general.has(variable)),
      [],
    );
  });
}
