export { openMongoStorage, type MongoOptions } from './storage.ts';
