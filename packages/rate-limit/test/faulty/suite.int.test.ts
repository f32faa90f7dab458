import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Fault } from './fault.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Titles of the checks that failed when the suite, or as much of it as is titled so, ran on the named store. */
const failures = (name: string, title: string): Promise<readonly string[]> =>
  new Promise((resolve) => {
    // Of the test runner around us a child wants to know nothing: it reports in the form we read.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const only = `(^| )${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`;
    const child = ['--test-reporter=tap', '--test-name-pattern', only, path('run.ts'), name];
    execFile(process.execPath, child, { env, maxBuffer: 2 ** 26, timeout: 60_000 }, (_error, report) =>
      resolve([...report.matchAll(/^\s+not ok \d+ - (.*)$/gm)].map(([, found = '']) => found)),
    );
  });

const faults = readdirSync(path('faults')).map((file) => file.replace(/\.ts$/, ''));

// That the suite accepts a healthy store is `memory.test.ts`.
describe('the suite of limits', { concurrency: 2 }, () => {
  test('is tried with at least fifteen faults', () => assert.ok(faults.length >= 15));

  for (const name of faults) {
    test(`rejects the fault ${name}`, async () => {
      const { fault } = (await import(`./faults/${name}.ts`)) as { readonly fault: Fault };
      const failed = await failures(name, fault.rejectedBy);
      assert.ok(
        failed.some((title) => title.startsWith(fault.rejectedBy)),
        `«${fault.rejectedBy}» let it pass; rejected by: ${failed.join('; ') || 'nothing'}`,
      );
      assert.deepEqual(await failures('healthy', fault.rejectedBy), [], 'the healthy store passes the same check');
    });
  }
});
