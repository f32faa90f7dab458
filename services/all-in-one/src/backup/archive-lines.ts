import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress, constants } from 'node:zlib';
import { errorCode } from '@simfleet/contracts';
import { noBackup } from './archive-format.ts';

const newline = 10;
/** Bytes of a line at most: far more than any record, and less than what a forged file could ask us to hold. */
const longestLine = 256 * 1024 * 1024;
/** UTF-16 units handed to the compressor at once. */
const chunkUnits = 256 * 1024;

async function* bytesOf(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let waiting: string[] = [];
  let units = 0;
  for await (const line of lines) {
    waiting.push(line);
    units += line.length;
    if (units < chunkUnits) continue;
    yield Buffer.from(waiting.join(''));
    [waiting, units] = [[], 0];
  }
  yield Buffer.from(waiting.join(''));
}

/** Writes the lines, compressed. Throws what `lines` or `sink` throws, and an AbortError when the signal aborts. */
export const writeLines = async (
  lines: AsyncIterable<string>,
  sink: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<void> => {
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  await pipeline(Readable.from(bytesOf(lines), { objectMode: false }), compress, sink, { signal });
};

/** Lines of a compressed file, without their ends; `whole` is false for a last one that has none. */
export async function* readLines(
  file: string,
): AsyncGenerator<{ readonly line: string; readonly whole: boolean }, void, undefined> {
  const source = createReadStream(file);
  const plain = createZstdDecompress();
  // Errors of the file come out of the decompressor, so that one loop sees them all.
  source.on('error', (error) => plain.destroy(error));
  source.pipe(plain);
  let parts: Buffer[] = [];
  let held = 0;
  try {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        parts.push(chunk.subarray(start, end));
        yield { line: Buffer.concat(parts).toString('utf8'), whole: true };
        [parts, held, start] = [[], 0, end + 1];
      }
      parts.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > longestLine) throw noBackup(file, 'it has a line of more than 256 MiB');
    }
  } catch (error) {
    throw readFault(file, error);
  } finally {
    source.destroy();
    plain.destroy();
  }
  if (held > 0) yield { line: Buffer.concat(parts).toString('utf8'), whole: false };
}

/** What the decompressor says of bytes that are none of its own. */
const readFault = (file: string, error: unknown): unknown => {
  if (errorCode(error) !== undefined) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('Z') || code.startsWith('ERR_') ? noBackup(file, 'it was cut off or changed', error) : error;
};
