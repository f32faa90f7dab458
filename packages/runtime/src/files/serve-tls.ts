import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Server } from 'node:tls';
import { SimfleetError } from '@simfleet/contracts';
import { followFiles } from './follow-files.ts';
import type { FollowOptions } from './follow-files.ts';
import { readSecret } from './secret-file.ts';

/** What TLS is served with, as PEM files. */
export interface TlsFiles {
  /** The certificate and those between it and its authority. */
  readonly certFile: string;
  readonly keyFile: string;
}

/** Their content. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export interface ServeTlsOptions extends FollowOptions {
  readonly server: Pick<Server, 'setSecureContext'>;
  readonly files: TlsFiles;
}

/**
 * Gives the server its certificate, and again when the files change, so that a renewal needs no restart; open connections stay on the one that they began with. Files that
 * cannot be read, or do not belong together (one of them was written already), are told once and leave everything as it was.
 * Throws `invalid-configuration` when they are so at the start.
 */
export const serveTls = async ({ server, files, ...surroundings }: ServeTlsOptions): Promise<void> => {
  let served = await readTlsPair(files);
  server.setSecureContext(served);
  const readAgain = async (): Promise<void> => {
    const pair = await readTlsPair(files);
    if (pair.cert === served.cert && pair.key === served.key) return;
    server.setSecureContext(pair);
    served = pair;
    surroundings.logger?.info({ certFile: files.certFile }, 'the certificate was renewed');
  };
  followFiles(readAgain, 'the certificate stays as it was', surroundings);
};

/** The pair as the files have it now. Throws `invalid-configuration` when they cannot be read, others may read the key, or they do not belong together. */
export const readTlsPair = async ({ certFile, keyFile }: TlsFiles): Promise<TlsPair> => {
  const key = await readSecret(keyFile);
  if (key === null) throw new SimfleetError('invalid-configuration', `${keyFile} is not there`);
  const pair = { cert: await readCertificate(certFile), key };
  try {
    createSecureContext(pair);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SimfleetError(
      'invalid-configuration',
      `${certFile} and ${keyFile} are no pair to serve with: ${reason}`,
      {
        cause,
      },
    );
  }
  return pair;
};

const readCertificate = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SimfleetError('invalid-configuration', `${path} cannot be read`, { cause });
  }
};
