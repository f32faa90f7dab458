import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../../hack/tools/mongo-wire-server/', import.meta.url));

/** The files that the wire-protocol server is made of, and the directory that holds them. */
export const wireServerSources = { directory: sources, files: ['pom.xml', 'WireServer.java'] } as const;

/** Where it is built: in the user's cache, under a hash of its sources, so that clones share it and a changed one is built anew. */
export const wireServerHome = (): string => {
  const hash = createHash('sha256');
  for (const file of wireServerSources.files) hash.update(readFileSync(join(sources, file))).update('\0');
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'simfleet', 'mongo-wire-server', hash.digest('hex').slice(0, 16));
};

export const isWireServerBuilt = (): boolean => existsSync(join(wireServerHome(), 'WireServer.class'));
