import { randomUUID } from 'node:crypto';
import { AckPolicy, DeliverPolicy, ReplayPolicy } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { nanos } from '@nats-io/transport-node';
import type { AttemptTools, Unsubscribe } from '@simfleet/bus';
import { refusal } from '../link/refusals.ts';
import { token } from '../names.ts';
import { redeliverMs } from './delivery.ts';
import { Done } from './done.ts';
import { Lanes } from './lanes.ts';
import { startLease } from './lease.ts';
import { Slots } from './slots.ts';
import { Term } from './term.ts';
import type { Workplace } from './workplace.ts';

/** Handlers at once; one that waits for its next attempt is none. */
const mostHandlers = 256;

/**
 * Registers a durable consumer and works for it whenever the lease of its name is ours. A name that the broker does not know yet begins with the
 * oldest event that is kept; what it reads beside its types, events handed to it again, has a subject of its own.
 */
export const startInstance = async (
  place: Omit<Workplace, 'durable'>,
  leases: KV,
  tools: AttemptTools,
): Promise<Unsubscribe> => {
  const { link, manager, names, consumer, onTrouble } = place;
  const durable = token(consumer.name);
  const ensure = async (): Promise<void> => {
    await manager.consumers.add(names.events, {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(redeliverMs),
      // Attempts are counted by whoever makes them: being handed out is not yet an attempt.
      max_deliver: -1,
      max_ack_pending: -1,
      deliver_policy: DeliverPolicy.All,
      replay_policy: ReplayPolicy.Instant,
      filter_subjects: [...consumer.types.map(names.event), names.replay(consumer.name)],
    });
  };
  try {
    await ensure();
  } catch (error) {
    throw refusal(`Consumer ${consumer.name} was not registered`, error);
  }

  const [lanes, slots, done] = [new Lanes(), new Slots(mostHandlers), new Done()];
  let term: Term | null = null;
  const lease = startLease({
    entries: leases,
    key: durable,
    owner: randomUUID(),
    isUp: link.isUp,
    onHeld: (lost, former) => {
      const mayWork = (): boolean => !lost.aborted && lease.isHeld();
      term = new Term({
        ...place,
        durable,
        lanes,
        slots,
        done,
        tools,
        ensure,
        lost,
        mayWork,
        former,
        note: lease.note,
      });
    },
    onTrouble: (error) => onTrouble?.(`The lease of consumer ${consumer.name}`, error),
  });
  const freed = link.connection.subscribe(names.leaseFree(consumer.name), { callback: () => lease.wake() });

  const end = async (): Promise<void> => {
    freed.unsubscribe();
    await term?.end();
    await lanes.idle();
    await lease.end();
    if (link.isUp()) link.connection.publish(names.leaseFree(consumer.name));
  };
  let ending: Promise<void> | null = null;
  return () => (ending ??= end());
};
