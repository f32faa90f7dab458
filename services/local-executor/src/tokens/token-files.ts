import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A job token at rest: the file is what a shard reads, the hash what the platform knows. */
export interface JobToken {
  readonly file: string;
  /** SHA-256 of the token, hex. */
  readonly sha256: string;
}

/** Job tokens as files that only this user can read. */
export interface TokenFiles {
  /** The job's token, drawn at the first call. It survives a crash of the platform. */
  open(jobId: string): Promise<JobToken>;
  remove(jobId: string): Promise<void>;
  /** Removes the tokens of all jobs but these: leftovers of a crash. */
  keepOnly(jobIds: ReadonlySet<string>): Promise<void>;
}

/** 256 random bits in base64url. */
const tokenBytes = 32;
const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

export const openTokenFiles = async (directory: string): Promise<TokenFiles> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const fileOf = (jobId: string): string => join(directory, encodeURIComponent(jobId));
  return {
    async open(jobId) {
      const file = fileOf(jobId);
      const token = (await existing(file)) ?? (await draw(file));
      return { file, sha256: createHash('sha256').update(token).digest('hex') };
    },
    remove: (jobId) => rm(fileOf(jobId), { force: true }),
    async keepOnly(jobIds) {
      const kept = new Set([...jobIds].map((jobId) => encodeURIComponent(jobId)));
      const leftovers = (await readdir(directory)).filter((name) => !kept.has(name));
      await Promise.all(leftovers.map((name) => rm(join(directory, name), { force: true })));
    },
  };
};

/** The token in the file; null when there is none or a power cut left it torn. */
const existing = async (file: string): Promise<string | null> => {
  try {
    const text = await readFile(file, 'utf8');
    return tokenPattern.test(text) ? text : null;
  } catch {
    return null;
  }
};

/** Whole or not at all: written beside its place and renamed. */
const draw = async (file: string): Promise<string> => {
  const token = randomBytes(tokenBytes).toString('base64url');
  const beside = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(beside, token, { mode: 0o600, flag: 'wx' });
  await rename(beside, file);
  return token;
};
