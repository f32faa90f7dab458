import { createLogger } from '@simfleet/runtime';
import type { Logger, LogLevel } from '@simfleet/runtime';

/** An entry as it would be written, parsed. */
export type LogEntry = Readonly<Record<string, unknown>> & { readonly level: string; readonly message?: string };

/** The real logger, writing into an array. `lines` holds the raw text, to search for what must not be there. */
export const recordingLogger = (
  level: LogLevel = 'trace',
): { readonly logger: Logger; readonly lines: readonly string[]; entries(): readonly LogEntry[] } => {
  const lines: string[] = [];
  const logger = createLogger({ level, destination: { write: (line) => void lines.push(line) } });
  return { logger, lines, entries: () => lines.map((line) => JSON.parse(line) as LogEntry) };
};

/** For tests that do not look at the log. */
export const silentLogger = (): Logger => createLogger({ level: 'silent', destination: { write: () => undefined } });
