import { pino, stdTimeFunctions } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

/** Structured logger; secrets never reach it (redaction is a net, not a licence). */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child'>;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const secretKeys = ['authorization', 'Authorization', 'token', 'bearer', 'secret', 'password', 'cookie', 'set-cookie'];

/** Members whose value is replaced by `[redacted]`, at the root and down to two levels below it. */
const secretPaths = secretKeys.flatMap((key) => [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`]);

export interface LoggerOptions {
  readonly level: LogLevel;
  /** One readable line per entry instead of JSON. */
  readonly pretty?: boolean;
  /** Anything that takes lines: standard error in a process, an array in a test. Written synchronously, so that the last line before a crash is there. */
  readonly destination: DestinationStream;
}

/** JSON lines with `time` in RFC 3339 and `level` as a word. */
export const createLogger = ({ level, pretty = false, destination }: LoggerOptions): Logger =>
  pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretPaths, censor: '[redacted]' },
    },
    pretty ? { write: (line) => destination.write(prettyLine(line)) } : destination,
  );

/** `12:00:00.123 info  jobs: started name=value …`; anything that is no JSON object passes unchanged. */
export const prettyLine = (line: string): string => {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  if (typeof entry !== 'object' || entry === null) return line;
  const { level, time, module, message, ...rest } = entry as Record<string, unknown>;
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const prefix = typeof module === 'string' ? `${module}: ` : '';
  const text = typeof message === 'string' ? message.replaceAll(/\p{Cc}/gu, ' ') : '';
  return `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${prefix}${text}${fields.join('')}\n`;
};
