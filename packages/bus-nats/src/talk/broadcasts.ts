import type { Unsubscribe } from '@simfleet/bus';
import { refusal } from '../link/refusals.ts';
import type { Link } from '../link/link.ts';
import type { Names } from '../names.ts';
import type { OnTrouble } from '../options.ts';

/** Hints on core NATS: at most once, to those who listen now. While there is no broker they are dropped, not saved up. */
export const openBroadcasts = (
  link: Link,
  names: Names,
  onTrouble: OnTrouble,
): {
  broadcast(subject: string, message: unknown): void;
  listen(subject: string, handler: (message: unknown) => void): Promise<Unsubscribe>;
} => ({
  broadcast(subject, message) {
    link.checkOpen();
    if (!link.isUp()) return;
    link.connection.publish(names.broadcast(subject), JSON.stringify(message) ?? '');
  },

  async listen(subject, handler) {
    link.check();
    const subscription = link.connection.subscribe(names.broadcast(subject), {
      callback(error, message) {
        try {
          if (error !== null) throw error;
          handler(message.data.length === 0 ? undefined : message.json());
        } catch (thrown) {
          onTrouble?.(`A listener of ${subject} failed`, thrown);
        }
      },
    });
    await link.settle().catch((error: unknown) => {
      throw refusal(`Listening to ${subject}`, error);
    });
    return async () => {
      if (!subscription.isClosed()) subscription.unsubscribe();
    };
  },
});
