import type { Appended } from '@simfleet/storage';
import type { EntryToWrite } from '@simfleet/storage/documents';
import type { Outcome } from './append.ts';
import { sizeOf } from './heads.ts';

/** Bytes of calls that are written together; a single larger one goes alone. */
const mostTogether = 1024 * 1024;

interface Call {
  readonly entries: readonly EntryToWrite[];
  readonly bytes: number;
  readonly answer: PromiseWithResolvers<readonly Appended[]>;
}

/** Writes calls of one stream in the order they came, one write under way at a time: what comes meanwhile goes into the next together. */
export class GatheredAppends {
  readonly #write: (stream: string, calls: readonly (readonly EntryToWrite[])[]) => Promise<readonly Outcome[]>;
  readonly #waiting = new Map<string, Call[]>();

  constructor(write: (stream: string, calls: readonly (readonly EntryToWrite[])[]) => Promise<readonly Outcome[]>) {
    this.#write = write;
  }

  append(stream: string, entries: readonly EntryToWrite[]): Promise<readonly Appended[]> {
    const bytes = bytesOf(entries);
    const answer = Promise.withResolvers<readonly Appended[]>();
    const waiting = this.#waiting.get(stream);
    waiting?.push({ entries, bytes, answer });
    if (waiting === undefined) {
      const calls = [{ entries, bytes, answer }];
      this.#waiting.set(stream, calls);
      void this.#writeAll(stream, calls);
    }
    return answer.promise;
  }

  async #writeAll(stream: string, waiting: Call[]): Promise<void> {
    // Calls of the same turn of the event loop go with the first.
    await Promise.resolve();
    while (waiting.length > 0) {
      const calls = waiting.splice(0, fitting(waiting));
      try {
        const outcomes = await this.#write(
          stream,
          calls.map(({ entries }) => entries),
        );
        calls.forEach(({ answer }, index) => settle(answer, outcomes[index]));
      } catch (error) {
        for (const { answer } of calls) answer.reject(error);
      }
    }
    this.#waiting.delete(stream);
  }
}

export const bytesOf = (entries: readonly EntryToWrite[]): number =>
  entries.reduce((sum, { key, text }) => sum + sizeOf({ k: key, d: text }), 0);

/** How many of the calls, at least one, stay within the bound together. */
const fitting = (calls: readonly Call[]): number => {
  let bytes = 0;
  const beyond = calls.findIndex((call) => (bytes += call.bytes) > mostTogether);
  return beyond === -1 ? calls.length : Math.max(1, beyond);
};

const settle = (answer: Call['answer'], outcome: Outcome | undefined): void => {
  if (outcome !== undefined && 'appended' in outcome) answer.resolve(outcome.appended);
  else answer.reject(outcome?.error);
};
