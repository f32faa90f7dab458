import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listNotice } from '../src/output/list-notice.ts';
import type { ShownPart } from '../src/output/list-notice.ts';

const jobs = { kind: 'jobs', limit: 100, shown: 50, more: true };
const second = { page: 2, pageSize: 50 };
const cases: readonly (readonly [says: string, part: ShownPart])[] = [
  ['there are more: raise --limit 100', jobs],
  ['', { ...jobs, more: false }],
  ['no jobs', { ...jobs, shown: 0, more: false }],
  ['showing 1–50 of 1,000+; there are more: raise --limit 100', { ...jobs, total: { count: 1000, exact: false } }],
  ['showing 1–50 of 50', { ...jobs, more: false, total: { count: 50, exact: true } }],
  ['no jobs', { ...jobs, shown: 0, more: false, total: { count: 0, exact: true } }],
  ['showing 51–100; go on with --page 3', { ...jobs, numbered: second }],
  ['showing 51–53 of 53', { ...jobs, shown: 3, more: false, numbered: second, total: { count: 53, exact: true } }],
  ['page 9 is past the end', { ...jobs, shown: 0, more: false, numbered: { page: 9, pageSize: 50 } }],
  [
    'page 9 is past the end of 53 jobs',
    { ...jobs, shown: 0, more: false, numbered: { page: 9, pageSize: 50 }, total: { count: 53, exact: true } },
  ],
  ['no jobs', { ...jobs, shown: 0, more: false, numbered: { page: 1, pageSize: 50 } }],
];
for (const [says, part] of cases) {
  test(says === '' ? 'a whole list says nothing below' : says, () => assert.equal(listNotice(part), says));
}
