export { openBus, type BusOptions } from './bus.ts';
export { openLimiterStore, type LimiterOptions } from './limiter.ts';
export { isInMemory, openDump, openStorage, type StorageOptions, type StoreToDump } from './storage.ts';
export { chooseSocketServer, type SocketDriver } from './sockets.ts';
export { holdDataDirectory, type HoldOptions } from './data-directory.ts';
export { hostsInTheClear, isForOneProcess } from './transport.ts';
