import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Fault } from './fault.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Titles of the checks that failed when the suite, or the part of it whose titles begin so, ran on the named bus. */
const failures = (name: string, titles = ''): Promise<readonly string[]> =>
  new Promise((resolve) => {
    // Of the test runner around us a child wants to know nothing: it reports in the form we read.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const pattern = titles === '' ? [] : [`--test-name-pattern=/(^|: )${titles.replace(/[^\w ]/g, '.')}/`];
    const child = ['--test-reporter=tap', ...pattern, path('run.ts'), name];
    execFile(process.execPath, child, { env, maxBuffer: 2 ** 26 }, (_error, report) =>
      resolve([...report.matchAll(/^\s+not ok \d+ - (.*)$/gm)].map(([, title = '']) => title)),
    );
  });

const faults = readdirSync(path('faults')).map((file) => file.replace(/\.ts$/, ''));

describe('the suite of the bus', { concurrency: 2 }, () => {
  test('accepts a healthy bus', async () => assert.deepEqual(await failures('healthy'), []));

  test('is tried with at least three faults', () => assert.ok(faults.length >= 3));

  for (const name of faults) {
    test(`rejects the fault ${name}`, async () => {
      const { fault } = (await import(`./faults/${name}.ts`)) as { readonly fault: Fault };
      const failed = await failures(name, fault.rejectedBy);
      assert.ok(
        failed.some((title) => title.startsWith(fault.rejectedBy)),
        `«${fault.rejectedBy}» let it pass; rejected by: ${failed.join('; ') || 'nothing'}`,
      );
    });
  }
});
