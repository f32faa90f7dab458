import type { Uws } from './module.ts';

/** Its name in the image and in the documentation; not a dependency, for it is not on npm. */
const packageName: string = 'uWebSockets.js';

/** The module, or why it cannot be had: it is not installed, or brings no binary for this Node and machine. */
export const loadUws = async (): Promise<{ readonly uws: Uws } | { readonly missing: string }> => {
  try {
    const loaded = (await import(packageName)) as Uws | { readonly default: Uws };
    return { uws: 'default' in loaded ? loaded.default : loaded };
  } catch (error) {
    return { missing: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
};
