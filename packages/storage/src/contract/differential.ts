import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openMemoryStorage } from '../memory/storage.ts';
import type { Storage } from '../storage.ts';
import { answerOf, relativeTo, type Side } from './operations/answer.ts';
import { anyOperation } from './operations/arbitrary.ts';
import { recordsOf } from './records.ts';
import { openNotes } from './samples.ts';
import type { OpenAt, StorageSuite } from './suite.ts';

/** The store under test: one for many runs, closed and opened again when a run asks for it. */
class Subject {
  readonly #suite: StorageSuite;
  #directory: string | null = null;
  #storage: Storage | null = null;

  constructor(suite: StorageSuite) {
    this.#suite = suite;
  }

  async storage(): Promise<Storage> {
    return (this.#storage ??= await this.#open());
  }

  /** Of a store that dies with its process, only the collections are taken again. */
  async reopen(): Promise<void> {
    if (this.#suite.capabilities.durable !== null) await this.close();
  }

  /** Begins with nothing again: what earlier runs left makes later ones slow. */
  async renew(): Promise<void> {
    await this.close();
    this.#directory = null;
  }

  async #open(): Promise<Storage> {
    const { durable } = this.#suite.capabilities;
    if (durable === null) return this.#suite.open();
    this.#directory ??= await durable.makeDirectory();
    const { openAt } = (await import(durable.opener)) as { readonly openAt: OpenAt };
    return openAt(this.#directory);
  }

  async close(): Promise<void> {
    await this.#storage?.close();
    this.#storage = null;
  }
}

/** Names of collections hold letters only; each run has its own, since it must not see what those before it left. */
const nameOf = (run: number): string => `run_${[...String(run)].map((digit) => 'abcdefghij'[Number(digit)]).join('')}_`;

const forgetEvents = async ({ outbox }: Storage): Promise<void> => {
  for (let left = await outbox.pending(1000); left.length > 0; left = await outbox.pending(1000)) {
    await outbox.markPublished(left);
  }
};

const usualRuns = process.env['SIMFLEET_CHAOS'] === '1' ? 1000 : 50;

export const testDifferential = (suite: StorageSuite): void => {
  test('any sequence of operations gets the answers of the memory store and leaves its content', async () => {
    const subject = new Subject(suite);
    let run = 0;
    const alike = fc.asyncProperty(
      fc.array(anyOperation, { minLength: 1, maxLength: 30, size: 'max' }),
      async (operations) => {
        run += 1;
        if (run % 25 === 0) await subject.renew();
        const prefix = nameOf(run);
        const memory = openMemoryStorage();
        await forgetEvents(await subject.storage());
        const take = async (storage: Storage): Promise<Side> => ({
          storage,
          notes: await openNotes(storage, prefix),
          prefix,
        });
        let [model, store] = [await take(memory), await take(await subject.storage())];
        for (const [index, operation] of operations.entries()) {
          if (operation.kind === 'reopen') {
            await subject.reopen();
            [model, store] = [await take(memory), await take(await subject.storage())];
          }
          const relative = await relativeTo(model, operation);
          const expected = await answerOf(model, operation, relative);
          assert.deepEqual(
            await answerOf(store, operation, relative),
            expected,
            `operation ${index}, ${operation.kind}`,
          );
        }
        assert.deepEqual(await recordsOf(store.storage, prefix), await recordsOf(memory), 'the content in the end');
      },
    );
    try {
      // A failure prints the shortest sequence found, and the seed and path that bring it back.
      await fc.assert(alike, { numRuns: suite.capabilities.runs ?? usualRuns });
    } finally {
      await subject.close();
    }
  });
};
