export { openBus, type BusOptions } from './bus.ts';
export { openStorage, type StorageOptions } from './storage.ts';
