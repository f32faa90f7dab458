import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** A contract suite, and faults that it must reject. */
export interface FaultySuite {
  readonly title: string;
  /**
   * URL of a module beside `run.ts`, which runs the suite on an implementation that is named to it, and beside `faults/`, a module for each faulty one
   * with `export const fault = { rejectedBy }`: the start of the title of a check, behind the names in front of it.
   */
  readonly beside: string;
  /** Names of sound implementations, which the suite must accept whole. */
  readonly accepts: readonly string[];
  /** Faults that there must be at least. */
  readonly least: number;
}

interface Fault {
  readonly rejectedBy: string;
}

/** Registers a test for each sound implementation and for each fault: a suite that lets one pass checks nothing. */
export const testFaulty = ({ title, beside, accepts, least }: FaultySuite): void => {
  const at = (relative: string): URL => new URL(relative, beside);
  const faults = readdirSync(at('faults')).map((file) => file.replace(/\.ts$/, ''));
  const run = fileURLToPath(at('run.ts'));

  describe(title, { concurrency: 2 }, () => {
    for (const name of accepts) {
      test(`accepts ${name}`, async () => assert.deepEqual(await failures(run, name), []));
    }

    test(`is tried with at least ${least} faults`, () => assert.ok(faults.length >= least));

    for (const name of faults) {
      test(`rejects the fault ${name}`, async () => {
        const { fault } = (await import(at(`faults/${name}.ts`).href)) as { readonly fault: Fault };
        const failed = await failures(run, name, fault.rejectedBy);
        assert.ok(
          failed.some((each) => each.startsWith(fault.rejectedBy)),
          `«${fault.rejectedBy}» let it pass; rejected by: ${failed.join('; ') || 'nothing'}`,
        );
      });
    }
  });
};

/**
 * Titles of the checks that failed when the suite, or as much of it as is titled so, ran on the named implementation. Throws what the child said
 * when no check ran to its end, or not all did within a minute.
 */
const failures = (run: string, name: string, only = ''): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    // Of the test runner around us a child wants to know nothing: it reports in the form we read.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const pattern = `(^| )${only.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`;
    const child = ['--test-reporter=tap', '--test-name-pattern', pattern, run, name];
    execFile(process.execPath, child, { env, maxBuffer: 2 ** 26, timeout: 60_000 }, (error, report, said) => {
      const results = [...report.matchAll(/^\s*(ok|not ok) \d+ - (.*)$/gm)];
      const failed = results.flatMap(([, result, title = '']) => (result === 'ok' ? [] : [title]));
      if (results.length > 0 && (error === null || failed.length > 0)) resolve(failed);
      else reject(new Error(`the suite did not run on ${name}: ${said || report}`, { cause: error }));
    });
  });
