export { platformParts } from './config.ts';
export { startPlatform } from './start-platform.ts';
export type { PlatformContext } from './start-platform.ts';
