import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Entry } from './trees.ts';

/** The user that containers run as; `nonroot` of the base image that the Dockerfile names. */
export const user = 65532;

/**
 * What lies below an application where no base image can be had: this very Node, the libraries that it needs on this machine, the names of the
 * two users, public certificates and a folder for temporary files. Throws where `ldd` does not list the libraries.
 */
export const baseTree = (node: string): readonly Entry[] => [
  { path: 'usr/local/bin/node', mode: 0o755, source: node },
  ...librariesOf(node).map((source) => ({ path: source.slice(1), mode: 0o755, source })),
  text('etc/passwd', `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${user}:${user}:nonroot:/tmp:/sbin/nologin\n`),
  text('etc/group', `root:x:0:\nnonroot:x:${user}:\n`),
  text('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
  ...(existsSync(certificates) ? [{ path: certificates.slice(1), mode: 0o644, source: certificates }] : []),
  { path: 'tmp', mode: 0o1777, directory: true },
];

const certificates = '/etc/ssl/certs/ca-certificates.crt';

const text = (path: string, content: string): Entry => ({
  ...{ path, mode: 0o644, pieces: [Buffer.from(content)] },
});

const librariesOf = (program: string): readonly string[] => {
  const { stdout, status } = spawnSync('ldd', [program], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ldd cannot tell which libraries ${program} needs`);
  return stdout.split('\n').flatMap((line) => /(?:=> |^\s*)(\/\S+)/.exec(line)?.[1] ?? []);
};
