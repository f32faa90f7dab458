import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { byPath } from './trees.ts';
import type { Entry } from './trees.ts';

const blockBytes = 512;
const kinds = { file: '0', link: '2', directory: '5' } as const;

/**
 * A tar (POSIX ustar) of the entries and of the folders above them, in order of their paths, owned by root and of the beginning of time: the same
 * entries give the same bytes. Answered in pieces, since a layer is large. Throws for a path that ustar has no room for (100 bytes, or 155 and 100).
 */
export const tarOf = (entries: readonly Entry[]): readonly Buffer[] => [
  ...withFolders(entries).flatMap(piecesOf),
  Buffer.alloc(2 * blockBytes),
];

const withFolders = (entries: readonly Entry[]): readonly Entry[] => {
  const paths = new Set(entries.map(({ path }) => path));
  const folders = new Set(entries.flatMap(({ path }) => above(path)).filter((path) => !paths.has(path)));
  return [...entries, ...[...folders].map((path) => ({ path, mode: 0o755, directory: true }) as const)].sort(byPath);
};

const above = (path: string): readonly string[] => {
  const folder = dirname(path);
  return folder === '.' ? [] : [...above(folder), folder];
};

const piecesOf = (entry: Entry): readonly Buffer[] => {
  if ('directory' in entry) return [header(`${entry.path}/`, entry.mode, kinds.directory, 0, '')];
  if ('link' in entry) return [header(entry.path, entry.mode, kinds.link, 0, entry.link)];
  const pieces = 'source' in entry ? [readFileSync(entry.source)] : entry.pieces;
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const padding = Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
  return [header(entry.path, entry.mode, kinds.file, size, ''), ...pieces, padding];
};

const header = (path: string, mode: number, kind: string, size: number, link: string): Buffer => {
  const { name, prefix } = split(path);
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, digits: number): void =>
    void block.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  block.write(name, 0, 100, 'utf8');
  octal(mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  block.write(' '.repeat(8), 148, 'latin1');
  block.write(kind, 156, 'latin1');
  if (Buffer.byteLength(link) > 100) throw new Error(`the target of ${path} is too long`);
  block.write(link, 157, 100, 'utf8');
  block.write('ustar\x0000', 257, 'latin1');
  block.write(prefix, 345, 155, 'utf8');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
};

/** Long paths are cut at a slash: the latter part has 100 bytes, the former 155. */
const split = (path: string): { readonly name: string; readonly prefix: string } => {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at > 0 && at < path.length - 1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { name, prefix };
  }
  throw new Error(`${path} is too long for a tar`);
};
