import type { Logger } from '@simfleet/runtime';
import type { SocketHandlers, SocketLimits, UpgradeAnswer, UpgradeRequest } from '../server.ts';
import { refusal, type Refusal } from './refusal.ts';

/** Upgrades that a handler decides, in time or not at all. */
export class Decisions<Data> {
  readonly #handlers: Pick<SocketHandlers<Data>, 'upgrade'>;
  readonly #limitMs: number;
  readonly #logger: Logger | undefined;
  readonly #undecided = new Set<(answer: Refusal) => void>();

  constructor(
    handlers: Pick<SocketHandlers<Data>, 'upgrade'>,
    { handshakeMs }: Pick<SocketLimits, 'handshakeMs'>,
    logger: Logger | undefined,
  ) {
    this.#handlers = handlers;
    this.#limitMs = handshakeMs;
    this.#logger = logger;
  }

  /** How many wait. */
  get size(): number {
    return this.#undecided.size;
  }

  /** What the handler answers, unless it takes too long or `refuseAll` comes first; never rejects. What it accepts in vain is abandoned. */
  decide(request: UpgradeRequest): Promise<UpgradeAnswer<Data>> {
    return new Promise((resolve) => {
      const settle = (answer: UpgradeAnswer<Data>): void => {
        if (!this.#undecided.delete(settle)) return abandon(answer);
        clearTimeout(timer);
        resolve(answer);
      };
      const late = refusal('unavailable', 'The upgrade could not be decided in time.');
      const timer = setTimeout(settle, this.#limitMs, late);
      this.#undecided.add(settle);
      void this.#ask(request).then(settle);
    });
  }

  refuseAll(answer: Refusal): void {
    for (const refuse of this.#undecided) refuse(answer);
  }

  async #ask(request: UpgradeRequest): Promise<UpgradeAnswer<Data>> {
    try {
      const answer = await this.#handlers.upgrade(request);
      if (!answer.accept || answer.protocol === undefined || request.protocols.includes(answer.protocol)) return answer;
      abandon(answer);
      throw new Error(`the protocol ${answer.protocol} was chosen, which the client does not offer`);
    } catch (error) {
      this.#logger?.error({ err: error }, 'an upgrade could not be decided');
      return refusal('internal', 'The upgrade could not be decided.');
    }
  }
}

const abandon = (answer: UpgradeAnswer<unknown>): void => {
  if (answer.accept) answer.abandoned?.();
};
