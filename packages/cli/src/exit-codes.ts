import type { ErrorCode, JobResult } from '@simfleet/contracts';

/** How the command ends: the one table behind `simfleet help exit-codes` and the README. */
export const exitCodes = {
  ok: { code: 0, meaning: 'Done. A watched job ended in Succeeded.' },
  failed: { code: 1, meaning: 'The watched job ended in Failed, or something unexpected happened.' },
  badInput: {
    code: 2,
    meaning: 'The command line, a manifest or a request has mistakes; each is named. Nothing was changed.',
  },
  notFound: { code: 3, meaning: 'There is no such job, service, customer or file.' },
  conflict: {
    code: 4,
    meaning: 'The name is taken, the field cannot change, or the state of the job does not allow it.',
  },
  unreachable: {
    code: 5,
    meaning: 'No platform is running there, it does not answer, it cannot serve right now, or a limit is reached.',
  },
  refused: { code: 6, meaning: 'The token is missing or wrong, or does not permit this.' },
  cancelled: { code: 7, meaning: 'The watched job ended in Cancelled.' },
  thresholdCrossed: { code: 8, meaning: 'With --fail-on-threshold: the job succeeded and crossed a threshold.' },
  interrupted: { code: 130, meaning: 'Interrupted by ctrl-C or SIGTERM before the work was done.' },
} as const;

export type ExitName = keyof typeof exitCodes;

const exitOfError: Readonly<Record<ErrorCode, ExitName>> = {
  'invalid-request': 'badInput',
  'malformed-body': 'badInput',
  'body-too-large': 'badInput',
  'unsupported-media-type': 'badInput',
  unauthenticated: 'refused',
  forbidden: 'refused',
  'not-found': 'notFound',
  'method-not-allowed': 'failed',
  'already-exists': 'conflict',
  'in-use': 'conflict',
  immutable: 'conflict',
  'owned-by-resource': 'conflict',
  'job-over': 'conflict',
  'job-not-over': 'conflict',
  'not-reproducible': 'conflict',
  'version-conflict': 'conflict',
  'precondition-failed': 'conflict',
  'idempotency-conflict': 'conflict',
  'idempotency-in-progress': 'conflict',
  'invalid-cursor': 'badInput',
  'engine-unavailable': 'conflict',
  'storage-full': 'unreachable',
  'storage-damaged': 'failed',
  'quota-exceeded': 'unreachable',
  unavailable: 'unreachable',
  'data-directory-held': 'conflict',
  'port-in-use': 'conflict',
  'invalid-configuration': 'badInput',
  internal: 'failed',
};

/** Name of the exit code for an error of ours. */
export const exitForError = (code: ErrorCode): ExitName => exitOfError[code];

/** Name of the exit code for a job that has ended. */
export const exitForResult = (result: JobResult, failOnThreshold: boolean): ExitName => {
  if (result.state === 'Cancelled') return 'cancelled';
  if (result.state !== 'Succeeded') return 'failed';
  const crossed = result.thresholds.some((threshold) => threshold.verdict === 'Crossed');
  return failOnThreshold && crossed ? 'thresholdCrossed' : 'ok';
};
