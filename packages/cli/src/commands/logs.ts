import { Command } from 'commander';
import type { LogLine } from '@simfleet/contracts';
import type { ExitName } from '../exit-codes.ts';
import { findJob, isOver, jobWithId } from '../jobs/find-job.ts';
import type { Cli, Session } from '../session.ts';
import { printable } from '../terminal.ts';
import { examples, wholeNumber } from './flags.ts';

/** Lines per request, and ms between two of them while nothing new is there. */
const LINES = 1000;
const ASK_EVERY = 500;

interface LogFlags {
  readonly follow: boolean;
  readonly shard?: number;
  readonly timestamps: boolean;
}

/** A part of the captured output: `next` is where to go on. */
interface LogPage {
  readonly lines: readonly LogLine[];
  readonly next: number;
}

const lineText = (line: LogLine, { timestamps }: LogFlags): string => {
  const time = timestamps ? `${line.time} ` : '';
  return `${time}[${line.shard}] ${printable(line.text)}\n`;
};

const show = ({ terminal, output }: Session, lines: readonly LogLine[], flags: LogFlags): Promise<void> => {
  const text =
    output === 'json' ? (line: LogLine) => `${JSON.stringify(line)}\n` : (line: LogLine) => lineText(line, flags);
  return lines.length === 0 ? Promise.resolve() : terminal.stdout.write(lines.map(text).join(''));
};

/** All lines there are; then, with -f, what comes until the job is over. */
const logs = async (session: Session, name: string, flags: LogFlags): Promise<ExitName> => {
  const { client, customer, terminal } = session;
  const job = await findJob(client, customer, name);
  let after = 0;
  let over = isOver(job);
  for (;;) {
    const query = { after, limit: LINES, shard: flags.shard };
    const { lines, next } = (await client.request<LogPage>('GET', `/v1/jobs/${job.id}/logs`, { query })).body;
    await show(session, lines, flags);
    after = next;
    if (lines.length > 0) continue;
    if (!flags.follow || over) return 'ok';
    await terminal.sleep(ASK_EVERY, terminal.interrupted);
    terminal.interrupted.throwIfAborted();
    // Asked before the lines are read once more: what a shard said last is not lost.
    const now = await jobWithId(client, job.id);
    over = now === undefined || isOver(now);
    if (now === undefined) return 'ok';
  }
};

export const logsCommand = (cli: Cli): Command =>
  new Command('logs')
    .summary('print what the shards of a job wrote')
    .description('Print what the shards of a job wrote to their output; the number of the shard stands in front.')
    .argument('<job>', 'name or id')
    .option('-f, --follow', 'go on until the job is over', false)
    .option('--shard <n>', 'this shard alone', wholeNumber(0))
    .option('-t, --timestamps', 'with the time of each line', false)
    .addHelpText(
      'after',
      examples('simfleet logs asian-call', 'simfleet logs asian-call -f --shard 0', 'simfleet logs asian-call -o json'),
    )
    .action(async (name: string, flags: LogFlags, command: Command) =>
      cli.end(await logs(cli.session(command), name, flags)),
    );
