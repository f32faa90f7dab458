import { refusal, type Refusal } from './refusal.ts';

const key = /^[+/0-9A-Za-z]{22}==$/;
/** RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export interface Handshake {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Protocols that a client offers, in its order, or null when the header is malformed. */
export const offeredProtocols = (headers: Handshake['headers']): readonly string[] | null => {
  const header = headers['sec-websocket-protocol'];
  if (header === undefined) return [];
  const offered = header.split(',').map((protocol) => protocol.trim());
  return offered.every((protocol) => token.test(protocol)) ? offered : null;
};

/** Why a request is no opening handshake (RFC 6455 §4.2.1), as the answer to it, or null. */
export const handshakeMistake = ({ method, path, headers }: Handshake): Refusal | null => {
  if (headers['upgrade']?.toLowerCase() !== 'websocket')
    return refusal('invalid-request', 'This port speaks WebSocket only.', {
      status: 426,
      headers: { upgrade: 'websocket', connection: 'upgrade' },
    });
  if (method !== 'GET') return bad('A WebSocket is opened by GET.');
  if (!path.startsWith('/')) return bad('The target of the request is no path.');
  if (headers['sec-websocket-version'] !== '13')
    return refusal('invalid-request', 'Only version 13 of the protocol is spoken.', {
      status: 426,
      headers: { 'sec-websocket-version': '13', upgrade: 'websocket', connection: 'upgrade' },
    });
  if (!key.test(headers['sec-websocket-key'] ?? '')) return bad('Sec-WebSocket-Key is missing or malformed.');
  if (offeredProtocols(headers) === null) return bad('Sec-WebSocket-Protocol is malformed.');
  return null;
};

const bad = (detail: string): Refusal => refusal('invalid-request', detail, { status: 400 });
