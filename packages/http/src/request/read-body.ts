import type { IncomingMessage } from 'node:http';
import { SimfleetError } from '@simfleet/contracts';

/** Bytes that are read and thrown away behind a refused body, so that the client gets to read the answer. */
const drainLimit = 64 * 1024 * 1024;

/**
 * The whole body. Throws `body-too-large` as soon as the limit is passed, by the announced length if there is one; `unavailable` when
 * the client goes away in the middle.
 */
export const readBody = async (request: IncomingMessage, limit: number): Promise<Buffer> => {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) {
    drain(request);
    throw tooLarge(limit);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    if (length <= limit) return void chunks.push(chunk);
    request.off('data', onData);
    drain(request);
    reject(tooLarge(limit));
  };
  request.on('data', onData);
  request.once('end', () => resolve(Buffer.concat(chunks, length)));
  request.once('error', (error) => reject(aborted(error)));
  request.once('close', () => reject(aborted(undefined)));
  return await promise;
};

const drain = (request: IncomingMessage): void => {
  let dropped = 0;
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > drainLimit) request.destroy();
  });
  request.resume();
};

const tooLarge = (limit: number): SimfleetError =>
  new SimfleetError('body-too-large', `the body is larger than ${limit} bytes`);

const aborted = (cause: unknown): SimfleetError =>
  new SimfleetError('unavailable', 'the client went away before the body was complete', { cause });
