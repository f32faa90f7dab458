import { isDeepStrictEqual } from 'node:util';
import type { Principal } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Authorizer } from './authorizer.ts';

export interface Credentials {
  readonly principal: Principal;
  readonly token: string | null;
}

export interface CredentialChecks {
  readonly authorizer: Pick<Authorizer, 'authenticate'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly everyMs: number;
}

/**
 * For what goes on long after it was let in: asks again and again who has the token, and calls `onLost` once when that is nobody any more, or somebody who may do other
 * things. While it cannot be told, nothing happens. Answers what ends it.
 */
export const watchCredentials = (
  { principal, token }: Credentials,
  { authorizer, clock, logger, everyMs }: CredentialChecks,
  onLost: () => void,
): (() => void) => {
  let isOver = false;
  let cancel = (): void => undefined;
  const check = async (): Promise<void> => {
    const isSame = isDeepStrictEqual(await authorizer.authenticate(token), principal);
    if (isSame || isOver) return;
    isOver = true;
    onLost();
  };
  const checkLater = (): void => {
    cancel = clock.after(everyMs, () => {
      check()
        .catch((error: unknown) => logger.warn({ err: error }, 'the token of a stream cannot be checked now'))
        .finally(() => {
          if (!isOver) checkLater();
        });
    });
  };
  checkLater();
  return () => {
    isOver = true;
    cancel();
  };
};
