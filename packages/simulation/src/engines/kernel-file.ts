import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimfleetError } from '@simfleet/contracts/errors';
import { kernelHashes } from './kernel-hashes.ts';

/** The part of the WebAssembly JavaScript API used here; Node's types leave it to the browser's. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

type KernelName = keyof typeof kernelHashes;

/** The functions that a kernel exports, and its memory, in which they leave their results. */
export interface KernelInstance {
  readonly memory: { readonly buffer: ArrayBuffer };
  call(name: string, ...inputs: readonly (number | bigint)[]): number | bigint;
}

/**
 * A fresh instance of an engine's committed kernel. Throws `engine-unavailable` when the file is missing or is not the one whose hash is
 * in the provenance of results.
 */
export const openKernelFile = (engine: KernelName): KernelInstance => {
  const binary = readBinary(engine);
  const hash = createHash('sha256').update(binary).digest('hex');
  if (hash !== kernelHashes[engine]) {
    throw new SimfleetError(
      'engine-unavailable',
      `The kernel of ${engine} has hash ${hash}, not ${kernelHashes[engine]}`,
    );
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary));
  return {
    memory: exports['memory'] as KernelInstance['memory'],
    call: (name, ...inputs) =>
      (exports[name] as (...values: readonly (number | bigint)[]) => number | bigint)(...inputs),
  };
};

const readBinary = (engine: KernelName): Buffer => {
  try {
    return readFileSync(join(import.meta.dirname, engine, 'kernel.wasm'));
  } catch (cause) {
    throw new SimfleetError('engine-unavailable', `The kernel of ${engine} cannot be read`, { cause });
  }
};
