import type { OperationProgress, OperationSummary, RecordCounts } from '../platform/operation.ts';
import { isFancy } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { bar, fit } from '../watch/progress-line.ts';
import type { Printable } from './format.ts';
import { compact, count } from './numbers.ts';
import { facts } from './table.ts';

/** Between two plain lines, in ms. */
const PLAIN = 3_000;

const total = ({ documents, events, entries }: RecordCounts): number => documents + events + entries;

const countsText = ({ documents, events, entries }: RecordCounts): string =>
  [`${count(documents)} documents`, `${count(events)} events`, `${count(entries)} entries`].join(', ');

/** Shows on standard error how far work on a store is: a redrawn line on a terminal, a plain one now and then elsewhere. */
export const recordsDisplay = (
  terminal: Terminal,
): { readonly show: (progress: OperationProgress) => void; readonly close: () => void } => {
  const { stderr } = terminal;
  const fancy = isFancy(stderr, terminal.env);
  const put = (text: string): void => void stderr.write(text).catch(() => undefined);
  let shownAt = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    show({ phase, counts, of }) {
      const share = of === undefined ? null : total(counts) / Math.max(1, total(of));
      const parts = [phase, share === null ? '' : `${Math.floor(share * 100)} %`, countsText(counts)];
      if (fancy) {
        const line = [phase, ...(share === null ? [] : [bar(share)]), ...parts.slice(1)].filter((part) => part !== '');
        put(`\r\u001b[2K${fit(line.join('  '), stderr.columns())}`);
        drawn = true;
        return;
      }
      if (terminal.now() - shownAt < PLAIN) return;
      shownAt = terminal.now();
      put(`${parts.filter((part) => part !== '').join('  ')}\n`);
    },
    close() {
      if (drawn) put('\r\u001b[2K');
      drawn = false;
    },
  };
};

/** What a backup holds, after work on it. */
export const printableBackup = (summary: OperationSummary): Printable => {
  const { file, bytes, header, counts, content, sha256, into } = summary;
  return {
    document: { file, bytes, ...header, counts, content, sha256, ...(into === undefined ? {} : { into }) },
    names: [file ?? '-'],
    table: () =>
      facts([
        ['file', file],
        ['size', bytes === null ? null : `${compact(bytes)}B`],
        ['of', `${header.store}, release ${header.platform}`],
        ['begun', header.created],
        [
          'holds',
          `${countsText(counts)} in ${count(counts.collections)} collections, ${count(counts.streams)} streams`,
        ],
        ['content', `sha256:${content}`],
        ['restored into', into],
      ]),
  };
};
