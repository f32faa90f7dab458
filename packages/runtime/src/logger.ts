import type { Logger as PinoLogger } from 'pino';

/** Structured logger; secrets never reach it (redaction is a net, not a licence). */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child'>;
