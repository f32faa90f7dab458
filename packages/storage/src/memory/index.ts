export { openMemoryStorage } from './storage.ts';
