import { SimfleetError } from '@simfleet/contracts';
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type JetStreamClient,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { nanos } from '@nats-io/transport-node';
import { isNotFound } from './link/refusals.ts';
import type { Names } from './names.ts';
import type { NatsBusOptions } from './options.ts';

const dayMs = 86_400_000;
/** How long the server remembers message ids, in milliseconds: the same event twice within it is stored once. Not longer than it keeps events. */
const duplicateWindowMs = 120_000;

type Wanted = Partial<StreamConfig> & { readonly name: string; readonly subjects: string[] };

/** What both streams share: on disk, by limits, the oldest first. */
const common = (options: NatsBusOptions): Partial<StreamConfig> => ({
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.Old,
  num_replicas: options.replicas ?? 1,
});

/** Throws `invalid-configuration` for a stream that would lose what it acknowledged, or that is somebody else's. */
const checkStream = ({ config }: StreamInfo, subjects: readonly string[]): void => {
  const refuse = (why: string): never => {
    throw new SimfleetError('invalid-configuration', `The stream "${config.name}" ${why}.`);
  };
  // An acknowledgement of such a stream means nothing: it precedes the write, not only the sync.
  if ((config.persist_mode as string | undefined) === 'async')
    refuse('has persist_mode async: what it acknowledges may be lost');
  if (config.storage !== StorageType.File) refuse('is kept in memory: all of it would be lost with the server');
  if (config.retention !== RetentionPolicy.Limits)
    refuse('does not retain by limits: what one reads would be gone for others');
  if (config.no_ack) refuse('acknowledges nothing');
  const missing = subjects.filter((subject) => !config.subjects.includes(subject));
  if (missing.length > 0) refuse(`does not take ${missing.join(', ')}`);
};

const ensureStream = async (
  manager: JetStreamManager,
  wanted: Wanted,
  asked: Partial<StreamConfig>,
): Promise<StreamInfo> => {
  const find = (): Promise<StreamInfo | null> =>
    manager.streams.info(wanted.name).catch((error: unknown) => {
      if (isNotFound(error)) return null;
      throw error;
    });
  let info = await find();
  if (info === null) {
    // Another process may make it in between: then ours is refused unless it is the same, and what is there gets checked.
    info = await manager.streams.add(wanted).catch(async (error: unknown) => {
      const made = await find();
      if (made === null) throw error;
      return made;
    });
  }
  checkStream(info, wanted.subjects);
  const changed = Object.entries(asked).some(([key, value]) => info.config[key as 'max_age'] !== value);
  return changed ? manager.streams.update(wanted.name, asked) : info;
};

/** Makes the streams of a platform or checks those there are; limits that were asked for explicitly are brought up to date. */
export const openStreams = async (
  manager: JetStreamManager,
  names: Names,
  options: NatsBusOptions,
): Promise<{ readonly replicas: number }> => {
  const { eventsMaxAgeMs, eventsMaxCount, deadMaxAgeMs, deadMaxCount } = options;
  const limits = (age: number | undefined, count: number | undefined): Partial<StreamConfig> => ({
    ...(age === undefined ? {} : { max_age: nanos(age), duplicate_window: nanos(Math.min(age, duplicateWindowMs)) }),
    ...(count === undefined ? {} : { max_msgs: count }),
  });
  const events = await ensureStream(
    manager,
    {
      ...common(options),
      name: names.events,
      subjects: [...names.eventSubjects],
      ...limits(eventsMaxAgeMs ?? 7 * dayMs, eventsMaxCount ?? -1),
    },
    limits(eventsMaxAgeMs, eventsMaxCount),
  );
  await ensureStream(
    manager,
    {
      ...common(options),
      name: names.dead,
      subjects: [...names.deadSubjects],
      ...limits(deadMaxAgeMs ?? 90 * dayMs, deadMaxCount ?? 100_000),
    },
    limits(deadMaxAgeMs, deadMaxCount),
  );
  return { replicas: events.config.num_replicas };
};

/** The bucket of who works for a name, made or checked: a holder that the server forgets would be two. */
export const openLeases = async (
  manager: JetStreamManager,
  jetstream: JetStreamClient,
  names: Names,
  { replicas = 1 }: NatsBusOptions,
): Promise<KV> => {
  const leases = await new Kvm(jetstream).create(names.leases, { history: 1, replicas });
  checkStream(await manager.streams.info(`KV_${names.leases}`), [`$KV.${names.leases}.>`]);
  return leases;
};
