/** Where text goes. `write` resolves once the receiver can take more. */
export interface TextOutput {
  readonly isTTY: boolean;
  /** Columns of a terminal; 80 where nobody knows. */
  columns(): number;
  write(chunk: string | Uint8Array): Promise<void>;
}

/** All that the command sees of the process it runs in, so that tests can hand it another one. */
export interface Terminal {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly stdin: {
    readonly isTTY: boolean;
    chunks(): AsyncIterable<Uint8Array>;
    /** One line without its end, shown only when `secret` is false. Null at the end of input or ctrl-C. */
    ask(question: string, options: { readonly secret: boolean }): Promise<string | null>;
  };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly temporaryDirectory: string;
  /** The Node that runs this, and runs the platform that it starts. */
  readonly node: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Aborts at the first ctrl-C, SIGTERM or SIGHUP; the second ends the process. */
  readonly interrupted: AbortSignal;
}

/** Colours and redrawn lines are wanted: a terminal, and neither NO_COLOR (no-color.org) nor TERM=dumb. */
export const isFancy = (output: TextOutput, env: Terminal['env']): boolean =>
  output.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

/** Text from elsewhere without control characters, so that it cannot steer the terminal. Line ends and tabs stay. */
export const printable = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
