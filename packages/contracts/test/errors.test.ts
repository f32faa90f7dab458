import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorCode, errorTable, SimfleetError } from '../src/index.ts';

const reference = readFileSync(new URL('../../../docs/reference/errors.md', import.meta.url), 'utf8');

test('an error is recognised by its code, also when its class is another copy of ours', () => {
  assert.equal(errorCode(new SimfleetError('in-use', 'three jobs use it')), 'in-use');
  assert.equal(errorCode({ code: 'in-use' }), 'in-use');
  for (const other of [{ code: 'ENOENT' }, { code: 'toString' }, new Error('in-use'), null, 'in-use'])
    assert.equal(errorCode(other), undefined);
});

test('the reference documents every error code, and no other', () => {
  const documented = [...reference.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  assert.deepEqual(documented, Object.keys(errorTable));
});
