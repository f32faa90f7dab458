import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new empty directory, removed after the test: `const { path } = temporaryDirectory(t)`. */
export const temporaryDirectory = (test: { after(cleanUp: () => void): void }): { readonly path: string } => {
  const path = mkdtempSync(join(tmpdir(), 'simfleet-test-'));
  test.after(() => rmSync(path, { recursive: true, force: true }));
  return { path };
};
