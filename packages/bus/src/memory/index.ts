export { openMemoryBus, type MemoryBusOptions } from './bus.ts';
