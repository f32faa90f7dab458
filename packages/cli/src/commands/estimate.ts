import { Command } from 'commander';
import { SimfleetError } from '@simfleet/contracts';
import type { JobEstimate } from '@simfleet/contracts';
import type { ExitName } from '../exit-codes.ts';
import { loadManifests, relocated } from '../manifests/index.ts';
import { print } from '../output/format.ts';
import { compact, count, duration } from '../output/numbers.ts';
import { facts } from '../output/table.ts';
import type { Cli, Session } from '../session.ts';
import { estimateText } from '../watch/progress-line.ts';
import { examples, fileOption } from './flags.ts';

const estimateTable = (estimate: JobEstimate): string =>
  facts([
    ['paths', estimate.paths === null ? 'unknown' : `about ${count(estimate.paths)}`],
    ['blocks', estimate.blocks === null ? null : `about ${count(estimate.blocks)}`],
    [
      'time',
      estimate.seconds === null
        ? 'unknown'
        : `about ${duration(estimate.seconds)} on ${estimate.shards} ${estimate.shards === 1 ? 'shard' : 'shards'}`,
    ],
    ['so far', estimate.estimates.map(estimateText).join('\n')],
    ['pilot', `${compact(estimate.pilot.paths).trim()} paths in ${estimate.pilot.seconds.toFixed(2)} s`],
  ]);

const estimateOne = async ({ client, customer, terminal }: Session, files: readonly string[]): Promise<JobEstimate> => {
  const jobs = (await loadManifests(terminal, files)).filter((each) => each.kind === 'SimulationJob');
  const [first] = jobs;
  if (first === undefined || jobs.length > 1)
    throw new SimfleetError('invalid-request', `estimate takes one SimulationJob; there are ${jobs.length}`);
  const { metadata, spec } = first.manifest;
  const body = { customer, name: metadata.name, labels: metadata.labels, spec };
  try {
    return (await client.request<JobEstimate>('POST', '/v1/jobs:estimate', { body })).body;
  } catch (error) {
    throw relocated(error, first);
  }
};

const estimate = async (session: Session, files: readonly string[]): Promise<ExitName> => {
  const answer = await estimateOne(session, files);
  await print(session.terminal, session.output, { document: answer, names: [], table: () => estimateTable(answer) });
  return 'ok';
};

export const estimateCommand = (cli: Cli): Command =>
  new Command('estimate')
    .summary('ask how many paths and how long a job will take')
    .description('Ask how many paths and how long a job will take, by a short pilot run. No job is created.')
    .addOption(fileOption())
    .addHelpText('after', examples('simfleet estimate -f examples/european-option.yaml'))
    .action(async ({ file }: { readonly file: readonly string[] }, command: Command) =>
      cli.end(await estimate(cli.session(command), file)),
    );
