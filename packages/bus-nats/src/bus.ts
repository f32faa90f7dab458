import { SimfleetError } from '@simfleet/contracts';
import { defaultBackoff, noTracing, realTimers, type Bus, type Unsubscribe } from '@simfleet/bus';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { checkVersion, syncPolicy } from './durability.ts';
import { startInstance } from './durable/instance.ts';
import { openLetters } from './letters.ts';
import { openLink, type Link } from './link/link.ts';
import { refusal } from './link/refusals.ts';
import { namesOf } from './names.ts';
import type { NatsBusOptions } from './options.ts';
import { publisher } from './publish.ts';
import { openLeases, openStreams } from './streams.ts';
import { openBroadcasts } from './talk/broadcasts.ts';
import { openRequests } from './talk/requests.ts';

/** For one call of the JetStream API, in milliseconds. */
const apiMs = 2000;
const defaultNamespace = 'simfleet';
const defaultLookMs = 60_000;

/**
 * A bus on NATS JetStream that other processes are on too. Throws `unavailable` when no server answers, `invalid-configuration` for a server older
 * than 2.12.3, for streams that would lose what they acknowledged, and for options that make no sense.
 */
export const openNatsBus = async (options: NatsBusOptions): Promise<Bus> => {
  const names = namesOf(options.namespace ?? defaultNamespace);
  const link = await openLink(options, names.namespace);
  try {
    return await openOn(link, names, options);
  } catch (error) {
    await link.close();
    throw refusal('The bus cannot be opened', error);
  }
};

const openOn = async (link: Link, names: ReturnType<typeof namesOf>, options: NatsBusOptions): Promise<Bus> => {
  const { tracing = noTracing, onTrouble, backoff = defaultBackoff, monitorUrl, lookMs = defaultLookMs } = options;
  const version = link.connection.info?.version ?? '';
  checkVersion(version);
  const api = { timeout: apiMs };
  const manager = await jetstreamManager(link.connection, api);
  const stream = jetstream(link.connection, api);
  const { replicas } = await openStreams(manager, names, options);
  const leases = await openLeases(manager, stream, names, options);
  const letters = openLetters(link, stream, manager, names);
  const broadcasts = openBroadcasts(link, names, onTrouble);
  const talk = openRequests(link, names, tracing, onTrouble);
  const consumers = new Set<Unsubscribe>();
  const tools = { timers: realTimers, random: Math.random, backoff };
  const sync = await syncPolicy(monitorUrl);

  const close = async (): Promise<void> => {
    await Promise.all([...consumers].map((end) => end()));
    await link.close();
  };
  let closing: Promise<void> | null = null;

  return {
    description: `nats ${version} (JetStream file, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}, ${sync})`,
    shared: true,
    publish: publisher(link, stream, names),

    async consume(consumer) {
      link.check();
      const place = { link, manager, names, letters, lookMs, tracing, onTrouble };
      const end = await startInstance({ ...place, consumer: consumer }, leases, tools);
      consumers.add(end);
      return async () => {
        await end();
        consumers.delete(end);
      };
    },

    broadcast: broadcasts.broadcast,
    listen: broadcasts.listen,
    request: async (subject, body, { timeoutMs, to = '' } = {}) =>
      // The schemas of the subject have just checked the reply; TypeScript cannot follow that.
      (await talk.request(subject, to, body, timeoutMs)) as never,
    answer: (subject, handler, { as = '' } = {}) => talk.answer(subject, as, handler),
    deadLetters: letters.list,
    replay: letters.replay,
    discard: letters.discard,

    async check() {
      if (closing !== null) throw new SimfleetError('unavailable', 'The bus is closed.');
      link.check();
    },
    close: () => (closing ??= close()),
  };
};
