import { SimfleetError } from '@simfleet/contracts';
import { logFull } from '../algorithms/sliding-log.ts';

/** First word of an error of Redis → what an operator should hear. */
const hints: Readonly<Record<string, string>> = {
  READONLY: 'it is a replica: a failover is under way, or the URL names the wrong server',
  LOADING: 'it is reading its data from the disk',
  MASTERDOWN: 'it is a replica that has lost its master',
  OOM: 'it has no memory left (maxmemory)',
  MISCONF: 'it cannot write to its disk and takes no writes',
  NOREPLICAS: 'it has too few replicas and takes no writes',
  BUSY: 'it is busy with a script',
  NOAUTH: 'it asks for a password that was not given',
  WRONGPASS: 'the user or the password is wrong',
  NOPERM: 'the user may not run what the store needs, see the README of rate-limit',
  CLUSTERDOWN: 'the cluster is not whole',
  CROSSSLOT: 'it is a cluster: add ?cluster=true to the URL',
  MOVED: 'it is a cluster: add ?cluster=true to the URL',
  WRONGTYPE: 'a key of the store holds something of others: use another prefix or database',
};

/** What ioredis says when there is no connection, → in our words. */
const phrases: readonly (readonly [RegExp, string])[] = [
  [/sentinel/i, 'no sentinel tells where its master is'],
  [/timed out|timeout|ETIMEDOUT/i, 'it does not answer in time'],
  [/ECONNREFUSED/, 'the connection is refused'],
  [/ENOTFOUND|EAI_AGAIN/, 'its host name is not known'],
  [/certificate|self.signed|altname/i, 'its certificate is not accepted'],
  [/writeable|closed|isn't ready|max retries|ECONNRESET|EPIPE|aborted|None of startup/i, 'there is no connection'],
];

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Why Redis does not answer, for logs and callers: without credentials, addresses or keys. */
export const explain = (error: unknown): string => {
  const message = messageOf(error);
  const word = /^[A-Z]{2,}/.exec(message)?.[0] ?? '';
  const known = Object.hasOwn(hints, word) ? hints[word] : phrases.find(([pattern]) => pattern.test(message))?.[1];
  return known ?? `it answers ${word === '' ? 'with an error' : word}`;
};

/**
 * What a failed command means to the caller: `invalid-request` where the scripts say so, else `unavailable`, with a cause to log that holds the message alone: ioredis' own errors carry the command, AUTH and its password included, and old servers
 * repeat what they were sent.
 */
export const failure = (error: unknown, secret: string | undefined): SimfleetError => {
  const said = messageOf(error);
  if (said.startsWith('LOGFULL')) {
    return logFull();
  }
  const cause = new Error(secret === undefined ? said : said.replaceAll(secret, '…'));
  return new SimfleetError('unavailable', `The store of rate limits is not there: ${explain(error)}.`, { cause });
};
