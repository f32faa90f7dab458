import { randomBytes } from 'node:crypto';
import { SimfleetError } from '@simfleet/contracts';
import { readOrCreateSecret, readSecret } from '@simfleet/runtime';

/** 256 random bits as 43 letters of base64url. */
const tokenForm = /^[A-Za-z0-9_-]{43,}$/;

/**
 * The administrator's token, made at first start and re-used from then on (256 random bits; file mode 0600).
 * Throws `invalid-configuration` when others may read the file or it holds no token.
 */
export const createAdminToken = async (path: string): Promise<string> => {
  const content = await readOrCreateSecret(path, () => `${randomBytes(32).toString('base64url')}\n`);
  return tokenOf(path, content, '; remove it to get a new one');
};

/** A token that somebody else made and this process only knows. Throws `invalid-configuration` when there is none, or others may read it. */
export const readToken = async (path: string): Promise<string> => {
  const content = await readSecret(path);
  if (content === null) throw new SimfleetError('invalid-configuration', `${path} is not there`);
  return tokenOf(path, content, '');
};

const tokenOf = (path: string, content: string, remedy: string): string => {
  const token = content.trim();
  if (tokenForm.test(token)) return token;
  const detail = `${path} holds no token: it must be at least 43 letters, digits, "-" or "_"${remedy}`;
  throw new SimfleetError('invalid-configuration', detail);
};
