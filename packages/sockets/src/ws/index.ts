export { createWsSocketServer } from './server.ts';
