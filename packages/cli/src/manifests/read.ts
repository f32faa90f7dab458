import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SimfleetError } from '@simfleet/contracts';
import type { Terminal } from '../terminal.ts';

/** What a request may hold, so nothing larger can be sent anyway. In bytes. */
export const largestManifest = 1024 * 1024;

export interface ManifestText {
  /** As the person named it; `standard input` for `-`. */
  readonly source: string;
  readonly text: string;
}

const bad = (detail: string): SimfleetError => new SimfleetError('invalid-request', detail);

const tooLarge = (source: string, size: string): SimfleetError =>
  new SimfleetError('body-too-large', `${source}: is ${size}; a manifest holds at most 1 MiB`);

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** The text, or an error that says where it stops being UTF-8. A byte order mark is dropped. */
const decode = (source: string, bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SimfleetError('malformed-body', `${source}: is not UTF-8 (line ${lineOfFault(bytes)})`, { cause });
  }
};

/** Line (from 1) of the first byte that is not UTF-8: replacement characters that the bytes do not spell out. */
const lineOfFault = (bytes: Uint8Array): number => {
  let line = 1;
  let start = 0;
  const strict = new TextDecoder('utf-8', { fatal: true });
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    try {
      strict.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    line += 1;
    start = end + 1;
  }
  return line;
};

const readStandardInput = async (terminal: Terminal): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of terminal.stdin.chunks()) {
    size += chunk.length;
    if (size > largestManifest) throw tooLarge('standard input', 'larger than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const fileFault = (source: string, cause: unknown): SimfleetError => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return new SimfleetError('not-found', `${source}: there is no such file`, { cause });
  if (code === 'EACCES') return new SimfleetError('invalid-request', `${source}: may not be read by you`, { cause });
  return new SimfleetError('invalid-request', `${source}: cannot be read (${String(code ?? cause)})`, { cause });
};

const readFileOf = async (terminal: Terminal, source: string): Promise<Uint8Array> => {
  const path = resolve(terminal.cwd, source);
  let status;
  try {
    status = await stat(path);
  } catch (cause) {
    throw fileFault(source, cause);
  }
  if (status.isDirectory()) throw bad(`${source}: is a directory; name its files, -f once for each`);
  if (status.size > largestManifest) throw tooLarge(source, mebibytes(status.size));
  try {
    return await readFile(path);
  } catch (cause) {
    throw fileFault(source, cause);
  }
};

/**
 * Text of a manifest file, or of standard input for `-`.
 * Throws `not-found`, `body-too-large`, `malformed-body` (not UTF-8) or `invalid-request`, each naming the source.
 */
export const readManifest = async (terminal: Terminal, source: string): Promise<ManifestText> => {
  const fromInput = source === '-';
  const shown = fromInput ? 'standard input' : source;
  const bytes = fromInput ? await readStandardInput(terminal) : await readFileOf(terminal, source);
  return { source: shown, text: decode(shown, bytes) };
};
