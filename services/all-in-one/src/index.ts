export { platformParts } from './config.ts';
export type { PlatformContext } from './platform-context.ts';
export { startPlatform } from './start-platform.ts';
