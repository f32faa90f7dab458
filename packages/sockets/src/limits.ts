import { SimfleetError } from '@simfleet/contracts';
import type { SocketLimits } from './server.ts';

export const defaultLimits: SocketLimits = {
  messageBytes: 64 * 1024,
  budgetBytes: 256 * 1024,
  pingMs: 25_000,
  pongMs: 8_000,
  closeMs: 2_000,
  handshakeMs: 10_000,
  connections: 100_000,
};

/** Longest time that a timer of Node takes, about 24 days. */
const longestMs = 2 ** 31 - 1;

const most: SocketLimits = {
  // RFC 6455 allows more; a message has to fit into a Buffer, and into memory several times.
  messageBytes: 2 ** 30,
  budgetBytes: 2 ** 30,
  pingMs: longestMs,
  pongMs: longestMs,
  closeMs: longestMs,
  handshakeMs: longestMs,
  connections: 10_000_000,
};

/** Defaults for what is left out. Throws `invalid-configuration` unless each is a whole number from 1. */
export const limitsOf = (given: Partial<SocketLimits> = {}): SocketLimits => {
  const limits = { ...defaultLimits, ...given };
  for (const name of Object.keys(defaultLimits) as (keyof SocketLimits)[]) {
    const value = limits[name];
    if (!Number.isInteger(value) || value < 1 || value > most[name])
      throw new SimfleetError('invalid-configuration', `sockets: ${name} is ${value}, not from 1 to ${most[name]}`);
  }
  return limits;
};
