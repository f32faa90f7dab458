import { createHash, randomBytes } from 'node:crypto';
import type { Secret } from '../resources/core.ts';
import type { ObjectMeta } from '../kubernetes/objects.ts';

const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/** 256 random bits in base64url. */
export const drawToken = (): string => randomBytes(32).toString('base64url');

/** What the platform knows of a token: its SHA-256, hex. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex');

/** The Secret that a run's pods mount. `ca` is the certificate by which they trust the platform, PEM. */
export const tokenSecret = (metadata: ObjectMeta, token: string, ca: string | null): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata,
  type: 'Opaque',
  immutable: true,
  data: { token: base64(token), ...(ca === null ? {} : { 'ca.crt': base64(ca) }) },
});

/** The token in a Secret; null when it holds none of ours. */
export const readToken = ({ data }: Secret): string | null => {
  const token = Buffer.from(data?.['token'] ?? '', 'base64').toString('utf8');
  return tokenPattern.test(token) ? token : null;
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');
