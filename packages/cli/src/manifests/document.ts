import { isMap, isNode, isPair, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { Document, ParsedNode } from 'yaml';
import { SimfleetError } from '@simfleet/contracts';
import type { ManifestText } from './read.ts';

export type Path = readonly (string | number)[];

/** One YAML document of a manifest file, which still knows where everything was written. */
export interface ManifestDocument {
  readonly source: string;
  /** Plain data, not checked yet. */
  readonly value: unknown;
  /** `file:line:column` of the key or item at the path, or of its nearest parent that exists. */
  locate(path: Path): string;
  /** Where that is in the text: mistakes are told in this order. */
  offsetAt(path: Path): number;
  /** The characters of the scalar at the path as written, such as `42`; undefined for anything else. */
  writtenAt(path: Path): string | undefined;
}

const yamlOptions = { prettyErrors: false, uniqueKeys: true, strict: true, maxAliasCount: 100 } as const;

/** The parser recurses and reports the end of its stack as if it were a mistake at a place. */
const STACK_USED_UP = /^Maximum call stack size exceeded/;

/** What the parser says, without its own guess at a place. */
const brokenYaml = (source: string, lines: LineCounter, error: { message: string; pos: [number, number] }): Error => {
  const { line, col } = lines.linePos(error.pos[0]);
  return new SimfleetError('malformed-body', `${source}:${line}:${col}: broken YAML: ${error.message}`);
};

/** Offset in the text of the key or item at the path; keys rather than values, because that is what a person looks for. */
const offsetOf = (document: Document.Parsed<ParsedNode>, path: Path): number => {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === last);
      if (pair !== undefined && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range[0] ?? 0;
};

/** Offset of the first alias whose anchor does not come before it; 0 when there is none. */
const brokenAlias = (document: Document.Parsed<ParsedNode>): number => {
  let offset = 0;
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      offset = alias.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
};

const plainValue = (source: string, document: Document.Parsed<ParsedNode>, lines: LineCounter): unknown => {
  try {
    return document.toJS();
  } catch (cause) {
    const { line, col } = lines.linePos(brokenAlias(document));
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SimfleetError('malformed-body', `${source}:${line}:${col}: broken YAML: ${reason}`, { cause });
  }
};

/**
 * The documents of a manifest; empty ones (between `---`) are left out.
 * Throws `malformed-body` with line and column for broken YAML, and `invalid-request` when nothing is there.
 */
export const parseDocuments = ({ source, text }: ManifestText): readonly ManifestDocument[] => {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { ...yamlOptions, lineCounter: lines });
  const documents = 'empty' in parsed ? [] : parsed;
  const error = documents.flatMap((document) => document.errors)[0];
  if (error !== undefined && STACK_USED_UP.test(error.message))
    throw new SimfleetError('malformed-body', `${source}: is nested too deeply`);
  if (error !== undefined) throw brokenYaml(source, lines, error);
  const filled = documents.filter((document) => document.contents !== null && !isEmpty(document));
  if (filled.length === 0) throw new SimfleetError('invalid-request', `${source}: holds no manifest`);
  return filled.map((document) => ({
    source,
    value: plainValue(source, document, lines),
    locate: (path) => {
      const { line, col } = lines.linePos(offsetOf(document, path));
      return `${source}:${line}:${col}`;
    },
    offsetAt: (path) => offsetOf(document, path),
    writtenAt: (path) => {
      const node = document.getIn(path, true);
      return isScalar(node) ? (node.source ?? undefined) : undefined;
    },
  }));
};

const isEmpty = (document: Document.Parsed<ParsedNode>): boolean =>
  isScalar(document.contents) && document.contents.value === null;
