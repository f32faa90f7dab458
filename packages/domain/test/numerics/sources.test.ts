import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

/** What ECMA-262 fixes to the last bit; the rest of `Math`, and `**`, is "implementation-approximated" (§21.3). */
const allowed = new Set(['abs', 'floor', 'ceil', 'sqrt', 'max', 'min']);
const sources = new URL('../../src/', import.meta.url);

const mistakesIn = (source: string): readonly string[] => {
  const text = source.replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
  return [
    ...[...text.matchAll(/\bMath\s*\.\s*(\w+)/g)].filter(([, name]) => !allowed.has(name ?? '')).map(([use]) => use),
    ...(/\bMath\b(?!\s*\.)/.test(text) ? ['Math as a value'] : []),
    ...(text.includes('**') ? ['**'] : []),
    ...(/from 'node:|\bprocess\.|\brequire\(/.test(text) ? ['the platform'] : []),
  ];
};

test('no source of this package uses a function whose bits differ between JavaScript engines, or the platform', () => {
  const files = globSync('**/*.ts', { cwd: sources.pathname });
  assert.ok(files.length > 20);
  for (const file of files) assert.deepEqual(mistakesIn(readFileSync(new URL(file, sources), 'utf8')), [], file);
});

test('the check sees what it looks for', () => {
  for (const planted of ['Math.exp(x)', 'Math.pow(2, 3)', 'x ** 2', 'const { log } = Math;', 'Math["log"](x)'])
    assert.notDeepEqual(mistakesIn(planted), [], planted);
  assert.deepEqual(mistakesIn('/** a ** b */ Math.sqrt(2) + Math.abs(x)'), []);
});
