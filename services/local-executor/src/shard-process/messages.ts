/** From the executor to a shard process. */
export type ToShard =
  | {
      readonly type: 'assign';
      readonly url: string;
      readonly jobId: string;
      readonly shard: number;
      readonly attempt: number;
      /** File that holds the job token; the token itself is in no message. */
      readonly tokenFile: string;
    }
  /** Leave the shard under way: finish the block, return the lease, become idle. */
  | { readonly type: 'release' };

/** From a shard process to the executor. */
export type FromShard =
  | { readonly type: 'ready' }
  /** Blocks of this assignment that the platform has accepted so far. */
  | { readonly type: 'accepted'; readonly blocks: number }
  /** After 0 and 143 the process takes the next assignment, after any other code it exits with it. */
  | { readonly type: 'ended'; readonly exitCode: number; readonly message: string };

export type Assignment = Omit<Extract<ToShard, { type: 'assign' }>, 'type'>;

/**
 * Line on standard output and standard error behind the last line of an assignment (ASCII "record separator"): the pipes and the message
 * channel have no common order, so this is how the executor knows whose output a line is.
 */
export const endOfOutput = '\u001e';
