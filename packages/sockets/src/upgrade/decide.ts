import type { Logger } from '@simfleet/runtime';
import type { SocketHandlers, UpgradeAnswer, UpgradeRequest } from '../server.ts';
import { refusal } from './refusal.ts';

/** What the handler answers, in time or not at all; never throws. */
export const decide = async <Data>(
  handlers: Pick<SocketHandlers<Data>, 'upgrade'>,
  request: UpgradeRequest,
  limitMs: number,
  logger: Logger | undefined,
): Promise<UpgradeAnswer<Data>> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<UpgradeAnswer<Data>>((resolve) => {
    timer = setTimeout(resolve, limitMs, refusal('unavailable', 'The upgrade could not be decided in time.'));
  });
  try {
    const answer = await Promise.race([handlers.upgrade(request), late]);
    if (answer.accept && answer.protocol !== undefined && !request.protocols.includes(answer.protocol))
      throw new Error(`the protocol ${answer.protocol} was chosen, which the client does not offer`);
    return answer;
  } catch (error) {
    logger?.error({ err: error }, 'an upgrade could not be decided');
    return refusal('internal', 'The upgrade could not be decided.');
  } finally {
    clearTimeout(timer);
  }
};
