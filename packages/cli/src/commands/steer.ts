import { Command } from 'commander';
import type { Job } from '@simfleet/contracts';
import type { ExitName } from '../exit-codes.ts';
import { tellFailure } from '../failure.ts';
import { findJob } from '../jobs/find-job.ts';
import { print } from '../output/format.ts';
import type { Cli, Session } from '../session.ts';
import { examples } from './flags.ts';

const steerings = {
  cancel: {
    summary: 'end jobs for good',
    description: 'End jobs for good. What they have computed stays readable; a cancelled job never runs again.',
    done: 'cancelled',
  },
  suspend: {
    summary: 'pause jobs and free their shards',
    description: 'Pause jobs and free their shards. Nothing is lost: `simfleet resume` goes on from there.',
    done: 'suspended',
  },
  resume: { summary: 'let paused jobs go on', description: 'Let paused jobs go on.', done: 'resumed' },
} as const;
type Steering = keyof typeof steerings;

const steerOne = async ({ client, customer }: Session, steering: Steering, name: string): Promise<Job> => {
  const job = await findJob(client, customer, name);
  return (await client.request<Job>('POST', `/v1/jobs/${job.id}:${steering}`, { body: {} })).body;
};

/** All of them, even when one fails; the first failure gives the exit code. */
const steer = async (session: Session, steering: Steering, names: readonly string[]): Promise<ExitName> => {
  const { terminal, output } = session;
  const jobs: Job[] = [];
  let exit: ExitName = 'ok';
  for (const name of names) {
    try {
      const job = await steerOne(session, steering, name);
      jobs.push(job);
      if (output === 'table')
        await terminal.stdout.write(`job ${job.name} ${steerings[steering].done} (${job.state})\n`);
    } catch (error) {
      const failure = await tellFailure(terminal, error);
      if (exit === 'ok') exit = failure;
    }
  }
  const document = { items: jobs };
  if (output !== 'table')
    await print(terminal, output, { document, names: jobs.map((job) => job.name), table: () => '' });
  return exit;
};

const steerCommand = (cli: Cli, steering: Steering): Command =>
  new Command(steering)
    .summary(steerings[steering].summary)
    .description(steerings[steering].description)
    .argument('<job...>', 'names or ids')
    .addHelpText('after', examples(`simfleet ${steering} asian-call`, `simfleet ${steering} asian-call european-call`))
    .action(async (names: readonly string[], _flags: object, command: Command) =>
      cli.end(await steer(cli.session(command), steering, names)),
    );

export const steerCommands = (cli: Cli): readonly Command[] =>
  (Object.keys(steerings) as Steering[]).map((steering) => steerCommand(cli, steering));
