import { followFiles } from '@simfleet/runtime';
import type { FollowOptions } from '@simfleet/runtime';
import { createAdminToken, readToken } from './admin-token.ts';
import type { Authorizer } from './authorizer.ts';
import { tokenAuthorizer } from './token-authorizer.ts';
import type { PlatformTokens } from './token-authorizer.ts';

export interface TokenFiles {
  /** Made at the first start. */
  readonly administrator: string;
  /** Made by somebody else; without it there is no operator. */
  readonly operator?: string | undefined;
}

export interface FileAuthorizerOptions extends FollowOptions {
  readonly files: TokenFiles;
}

/**
 * Who has the tokens of the files as they are now: they are read again every 5 s, so that another token needs no restart; the old one is refused from then on.
 * A file that cannot be read, or holds no token, is told once and leaves its token as it was. Throws `invalid-configuration` when one is so at the start.
 */
export const fileAuthorizer = async ({ files, ...surroundings }: FileAuthorizerOptions): Promise<Authorizer> => {
  const { logger } = surroundings;
  let tokens: PlatformTokens = {
    administrator: await createAdminToken(files.administrator),
    operator: files.operator === undefined ? undefined : await readToken(files.operator),
  };
  let current = tokenAuthorizer(tokens);
  const follow = (who: keyof PlatformTokens, file: string): void => {
    const readAgain = async (): Promise<void> => {
      const token = await readToken(file);
      if (token === tokens[who]) return;
      tokens = { ...tokens, [who]: token };
      current = tokenAuthorizer(tokens);
      logger?.info({ file }, `the ${who} has another token`);
    };
    followFiles(readAgain, `the token of the ${who} stays as it was`, surroundings);
  };
  follow('administrator', files.administrator);
  if (files.operator !== undefined) follow('operator', files.operator);
  return {
    authenticate: (token) => current.authenticate(token),
    permits: (principal, action, customer) => current.permits(principal, action, customer),
  };
};
