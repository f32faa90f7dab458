import { Command } from 'commander';
import type { ExitName } from '../exit-codes.ts';
import { applyJob } from '../jobs/apply-job.ts';
import { applyService } from '../jobs/apply-service.ts';
import { loadManifests } from '../manifests/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { print } from '../output/format.ts';
import type { Cli, Session } from '../session.ts';
import { examples, fileOption } from './flags.ts';

interface Applied {
  readonly kind: string;
  readonly name: string;
  readonly outcome: string;
}

const applyOne = async ({ client, customer }: Session, manifest: Manifest): Promise<Applied> => {
  const [thing, outcome] =
    manifest.kind === 'SimulationJob'
      ? await applyJob(client, customer, manifest)
      : await applyService(client, manifest);
  return { kind: manifest.kind, name: thing.name, outcome };
};

/** In the order of the files; all are checked before the first is sent. */
const apply = async (session: Session, files: readonly string[]): Promise<ExitName> => {
  const applied: Applied[] = [];
  for (const manifest of await loadManifests(session.terminal, files)) {
    const one = await applyOne(session, manifest);
    applied.push(one);
    if (session.output === 'table') await session.terminal.stdout.write(`${one.kind} ${one.name} ${one.outcome}\n`);
  }
  if (session.output !== 'table')
    await print(session.terminal, session.output, {
      document: { items: applied },
      names: applied.map((one) => one.name),
      table: () => '',
    });
  return 'ok';
};

export const applyCommand = (cli: Cli): Command =>
  new Command('apply')
    .summary('create or change jobs and services from manifests')
    .description(
      'Create what a manifest describes, or change the job or service of its name. ' +
        'An unchanged manifest changes nothing. A change that is not allowed is refused and named.',
    )
    .addOption(fileOption())
    .addHelpText(
      'after',
      examples(
        'simfleet apply -f examples/asian-option.yaml',
        'cat job.yaml | simfleet apply -f -',
        'simfleet apply -f service.yaml -f job.yaml -o json',
      ),
    )
    .action(async ({ file }: { readonly file: readonly string[] }, command: Command) =>
      cli.end(await apply(cli.session(command), file)),
    );
