/** How an attempt ended. `exitCode` is that of the process or container: 0 after `stop`, 1 failed, 42 bad input, 143 asked to leave. */
export interface ShardOutcome {
  readonly exitCode: 0 | 1 | 42 | 143;
  /** Why, for a person; on failure the last line of its standard error. */
  readonly message: string;
}

/** Ends an attempt from anywhere below `runShard`. */
export class ShardEnd extends Error {
  override readonly name = 'ShardEnd';
  readonly outcome: ShardOutcome;

  constructor(outcome: ShardOutcome) {
    super(outcome.message);
    this.outcome = outcome;
  }
}
