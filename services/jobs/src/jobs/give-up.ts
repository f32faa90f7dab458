import { isOver } from '@simfleet/domain';
import { system } from './end-job.ts';
import type { EndJob } from './end-job.ts';
import type { JobDocument, StoredJob } from './job-document.ts';

/** Whether every shard that the job asks for has used up its retries: nobody works on it any more. */
const isGivenUp = ({ exhaustedShards, spec }: JobDocument): boolean =>
  exhaustedShards.filter((shard) => shard < spec.shards).length >= spec.shards;

/** Fails a job that is given up; any other stays as it is. `last` is what the last shard said, for a person. */
export type GiveUp = (job: StoredJob, last?: string) => Promise<StoredJob>;

export const openGiveUp =
  (endJob: EndJob): GiveUp =>
  async (job, last = '') => {
    const { shards, backoffLimitPerIndex } = job.doc.spec;
    if (isOver(job.doc) || !isGivenUp(job.doc)) return job;
    const said = last === '' ? '' : `; the last said: ${last}`;
    const message = `all ${shards} shards failed more than ${backoffLimitPerIndex} times in a row${said}`;
    return endJob(job.id, { reason: 'RetriesExhausted', message, by: system });
  };
