import { noProgress } from '@simfleet/contracts';
import type { Estimate, LiveEvent } from '@simfleet/contracts';
import { isFancy, printable } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { estimateText, fit, progressLine } from './progress-line.ts';
import type { Snapshot } from './progress-line.ts';

/** Shortest time between two redraws on a terminal and between two plain lines, in ms. */
const REDRAW = 100;
const PLAIN = 3_000;

/** Shows a job's events to a person, on standard error: the result alone goes to standard output. */
export interface Display {
  show(event: LiveEvent): void;
  trouble(reason: string | null): void;
  /** A line that stays. */
  say(text: string): void;
  /** Ends the redrawn line. Idempotent. */
  close(): void;
}

/** The metric that the job is after, else the first. */
const chosen = (estimates: readonly Estimate[], metric: string | undefined): Estimate | undefined =>
  estimates.find((estimate) => estimate.name === metric) ?? estimates[0];

const snapshotAfter = (before: Snapshot, event: LiveEvent, metric: string | undefined): Snapshot => {
  switch (event.type) {
    case 'state':
      return { ...before, state: event.state };
    case 'progress':
      return { ...before, progress: event.progress, estimate: chosen(event.estimates, metric) ?? before.estimate };
    case 'estimate':
      return { ...before, estimate: chosen(event.estimates, metric) ?? before.estimate };
    default:
      return before;
  }
};

/** What is worth a line of its own. */
const remark = (event: LiveEvent): string | undefined => {
  if (event.type === 'threshold' && event.threshold.verdict === 'Crossed') {
    const { name, decidedBy } = event.threshold;
    return `threshold ${name} crossed${decidedBy === undefined ? '' : `: ${estimateText(decidedBy)}`}`;
  }
  if (event.type === 'state' && event.message !== null)
    return `${event.state.toLowerCase()}: ${printable(event.message)}`;
  return undefined;
};

export const createDisplay = (terminal: Terminal, options: { metric: string | undefined; quiet: boolean }): Display => {
  const { stderr } = terminal;
  const fancy = isFancy(stderr, terminal.env);
  const every = fancy ? REDRAW : PLAIN;
  let snapshot: Snapshot = { state: 'Queued', progress: noProgress, estimate: undefined };
  let shownAt = Number.NEGATIVE_INFINITY;
  let drawn = false;

  const put = (text: string): void => void stderr.write(text).catch(() => undefined);
  const erase = (): void => {
    if (drawn) put('\r\u001b[2K');
    drawn = false;
  };
  const say = (text: string): void => {
    erase();
    put(`${text}\n`);
  };
  const draw = (): void => {
    const line = progressLine(snapshot, fancy);
    if (!fancy) return put(`${line}\n`);
    put(`\r\u001b[2K${fit(line, stderr.columns())}`);
    drawn = true;
  };

  return {
    show: (event) => {
      snapshot = snapshotAfter(snapshot, event, options.metric);
      if (options.quiet) return;
      const text = remark(event);
      if (text !== undefined) say(text);
      const isNews = event.type === 'progress' || event.type === 'estimate' || (fancy && event.type === 'state');
      if (!isNews || terminal.now() - shownAt < every) return;
      shownAt = terminal.now();
      draw();
    },
    trouble: (reason) => {
      if (!options.quiet) say(reason === null ? 'connected again' : `${reason}; trying again …`);
    },
    say,
    close: () => {
      if (drawn) put('\n');
      drawn = false;
    },
  };
};
