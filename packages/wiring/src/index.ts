export { openBus, type BusOptions } from './bus.ts';
export { openStorage, type StorageOptions } from './storage.ts';
export { holdDataDirectory, type HoldOptions } from './data-directory.ts';
export { hostsInTheClear, isForOneProcess } from './transport.ts';
