export { fakeClock } from './fake-clock.ts';
export type { FakeClock } from './fake-clock.ts';
export { recordingLogger, silentLogger } from './recording-logger.ts';
export type { LogEntry } from './recording-logger.ts';
export { runtimeContext } from './runtime-context.ts';
export { temporaryDirectory } from './temporary-directory.ts';
export { until } from './until.ts';
