import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Parameters } from '../engine.ts';
import type { Folded } from '../folding/folded.ts';
import type { FoldedMoments } from '../folding/moments.ts';
import { canonicalJson } from './canonical-json.ts';
import { hexFloat } from './hex-float.ts';

export interface DigestInput {
  readonly engine: string;
  readonly engineVersion: string;
  readonly kernelHash: string;
  /** Completed with defaults, as the engine got them. */
  readonly parameters: Parameters;
  /** Decimal. */
  readonly seed: string;
  readonly blockSize: number;
  readonly folded: Folded;
}

/**
 * Digest of a result: SHA-256 (lower-case hex) over the UTF-8 bytes of the RFC 8785 text of
 *
 *     { engine, engineVersion, kernelHash, parameters, seed, blockSize, folded }
 *
 * where `folded` is, for a sampling engine,
 *
 *     { kind: "moments", blocks, paths, metrics: { <name>: { mean, m2, nonZero,
 *         control: null | { mean, m2, cross },
 *         spread: { blocks, means: [3], products: [6] } } } }
 *
 * and for an exact one `{ kind: "counts", blocks, total, found: null | { subrange, before } }`. Counts (blockSize, blocks, paths, nonZero,
 * total, subrange, before) are JSON integers; all other numbers of `folded` are strings, hexadecimal floats in C99's %a form.
 * Number of shards, order of arrival, times and machines have no part in it.
 */
export const resultDigest = (input: DigestInput): string => bytesToHex(sha256(utf8ToBytes(digestText(input))));

/** The text that is hashed, for those who want to check a digest by other means. */
export const digestText = ({
  engine,
  engineVersion,
  kernelHash,
  parameters,
  seed,
  blockSize,
  folded,
}: DigestInput): string =>
  canonicalJson({ engine, engineVersion, kernelHash, parameters, seed, blockSize, folded: exactForm(folded) });

const exactForm = (folded: Folded): unknown => {
  if (folded.kind === 'counts') {
    const { kind, blocks, total, found } = folded;
    return { kind, blocks, total, found };
  }
  const { kind, blocks, paths, metrics } = folded;
  const exact = Object.entries(metrics).map(([name, moments]) => [name, exactMoments(moments)] as const);
  return { kind, blocks, paths, metrics: Object.fromEntries(exact) };
};

const exactMoments = ({ mean, m2, nonZero, control, spread }: FoldedMoments): unknown => ({
  mean: hexFloat(mean),
  m2: hexFloat(m2),
  nonZero,
  control:
    control === null
      ? null
      : { mean: hexFloat(control.mean), m2: hexFloat(control.m2), cross: hexFloat(control.cross) },
  spread: { blocks: spread.blocks, means: spread.means.map(hexFloat), products: spread.products.map(hexFloat) },
});
