/** What the environment of a pod says: where it reports, which shard it is, and where its token lies. */
export interface PodEnvironment {
  /** Base address of the platform. */
  readonly url: string;
  readonly jobId: string;
  readonly shard: number;
  /** Failures of this shard so far; 0 when Kubernetes counts none. */
  readonly attempt: number;
  readonly tokenFile: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Where the operator mounts the job's Secret. */
const defaultTokenFile = '/var/run/secrets/simfleet/token';

/**
 * Reads the environment; the mistakes, one sentence each, when it is not that of a pod. A variable that the downward API fills from an
 * annotation that is not there is empty: it counts as not set.
 */
export const readPodEnvironment = (
  variables: Variables,
): { readonly environment: PodEnvironment } | { readonly mistakes: readonly string[] } => {
  const mistakes: string[] = [];
  const given = (name: string): string | undefined => variables[name]?.trim() || undefined;
  const wrong = (sentence: string): undefined => void mistakes.push(sentence);

  const url = given('SIMFLEET_URL');
  if (url === undefined) wrong('SIMFLEET_URL is not set: the address that shards report to');
  else if (!isWebAddress(url)) wrong(`SIMFLEET_URL is no http or https address: «${url}»`);

  const jobId = given('SIMFLEET_JOB_ID');
  if (jobId === undefined) wrong('SIMFLEET_JOB_ID is not set: the job to work for');

  const count = (name: string, text: string | undefined): number => {
    if (text === undefined) wrong(`${name} is not set`);
    else if (!/^\d{1,9}$/.test(text)) wrong(`${name} is no count: «${text}»`);
    return Number(text);
  };
  // Kubernetes sets the second one itself in every pod of an Indexed Job.
  const shard = count('SIMFLEET_SHARD', given('SIMFLEET_SHARD') ?? given('JOB_COMPLETION_INDEX'));
  const attempt = count('SIMFLEET_ATTEMPT', given('SIMFLEET_ATTEMPT') ?? '0');

  if (url === undefined || jobId === undefined || mistakes.length > 0) return { mistakes };
  return { environment: { url, jobId, shard, attempt, tokenFile: given('SIMFLEET_TOKEN_FILE') ?? defaultTokenFile } };
};

const isWebAddress = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? '');
