import { figuresOf } from '../operator/tied-process.ts';
import type { Programs } from './build-peer.ts';
import { startPinned, type PinnedProcess } from './pinned-process.ts';
import type { Subject } from './subjects.ts';

const serverProcessor = 0;
const loadProcessor = 1;

export interface Sizes {
  readonly idle: number;
  readonly subscribers: number;
  readonly bytes: number;
  readonly inFlight: number;
  readonly seconds: number;
}

/** What one server showed in one round. */
export interface Measured {
  /** Resident memory that each idle connection adds, KiB. */
  readonly kibibytesPerConnection: number;
  readonly deliveriesPerSecond: number;
  /** The same for each second that the server had its processor: holds beside other work on the machine too. */
  readonly deliveriesPerProcessorSecond: number;
  /** With one message in flight, so that nothing can be joined. */
  readonly deliveriesOneByOne: number;
  /** Share of its processor that the server took while it delivered: below 0.9 the generator is what is measured. */
  readonly busy: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

type Load = (subject: Subject, url: string, ...words: readonly string[]) => Promise<PinnedProcess>;

const loadWith =
  ({ load }: Programs): Load =>
  (subject, url, ...words) =>
    startPinned(loadProcessor, [load, '-url', url, '-protocol', subject.protocol, ...words]);

const withServer = async <Result>(
  subject: Subject,
  run: (server: PinnedProcess, url: string) => Promise<Result>,
): Promise<Result> => {
  const server = await startPinned(serverProcessor, subject.command);
  try {
    return await run(server, await server.line());
  } finally {
    await server.end();
  }
};

const residentKibibytes = async (server: PinnedProcess): Promise<number> => {
  server.say('gc');
  await server.line();
  return figuresOf(server.pid).residentMiB * 1024;
};

/** Memory of idle connections, in a server that has had some before. */
const memory = (subject: Subject, load: Load, { idle }: Sizes): Promise<number> =>
  withServer(subject, async (server, url) => {
    const hold = async (connections: number): Promise<PinnedProcess> => {
      const held = await load(subject, url, '-mode', 'idle', '-connections', String(connections));
      await held.line();
      return held;
    };
    const first = await hold(Math.ceil(idle / 10));
    const before = await residentKibibytes(server);
    const rest = await hold(idle);
    const after = await residentKibibytes(server);
    await Promise.all([first.end(), rest.end()]);
    return (after - before) / idle;
  });

interface Delivered {
  readonly perSecond: number;
  readonly busy: number;
}

const fan = (subject: Subject, load: Load, sizes: Sizes): Promise<Delivered> =>
  withServer(subject, async (server, url) => {
    const { subscribers, inFlight, bytes, seconds } = sizes;
    const words = ['-connections', subscribers, '-in-flight', inFlight, '-length', bytes, '-seconds', seconds];
    const running = await load(subject, url, '-mode', 'fan', ...words.map(String));
    // The middle of the run: from when it surely has begun.
    const middle = setTimeout(() => void (from = usage(server)), (seconds * 1000) / 2);
    let from = usage(server);
    const result = JSON.parse(await running.line()) as { readonly deliveries: number; readonly seconds: number };
    clearTimeout(middle);
    const to = usage(server);
    await running.end();
    return {
      perSecond: result.deliveries / result.seconds,
      busy: (to.processor - from.processor) / (to.at - from.at),
    };
  });

const usage = ({ pid }: PinnedProcess): { readonly at: number; readonly processor: number } => ({
  at: performance.now() / 1000,
  processor: figuresOf(pid).processorSeconds,
});

const pace = (subject: Subject, load: Load, sizes: Sizes): Promise<Pick<Measured, 'p50Ms' | 'p99Ms'>> =>
  withServer(subject, async (_server, url) => {
    const { subscribers, bytes, seconds } = sizes;
    const words = ['-connections', subscribers, '-length', bytes, '-seconds', seconds, '-rate', subject.rate];
    const running = await load(subject, url, '-mode', 'pace', ...words.map(String));
    const result = JSON.parse(await running.line()) as { readonly p50Ms: number; readonly p99Ms: number };
    await running.end();
    return { p50Ms: result.p50Ms, p99Ms: result.p99Ms };
  });

/**
 * One round of all servers, a fresh process for each figure. The same figure of all of them before the next one: what disturbs the machine for a while
 * then disturbs those that are compared.
 */
export const measure = async (
  subjects: readonly Subject[],
  programs: Programs,
  sizes: Sizes,
): Promise<ReadonlyMap<Subject, Measured>> => {
  const load = loadWith(programs);
  const each = async <Figure>(take: (subject: Subject) => Promise<Figure>): Promise<Figure[]> => {
    const taken: Figure[] = [];
    for (const subject of subjects) taken.push(await take(subject));
    return taken;
  };
  const memories = await each((subject) => memory(subject, load, sizes));
  const fans = await each((subject) => fan(subject, load, sizes));
  const singles = await each((subject) => fan(subject, load, { ...sizes, inFlight: 1 }));
  const paces = await each((subject) => pace(subject, load, sizes));
  return new Map(
    subjects.map((subject, at) => [
      subject,
      {
        kibibytesPerConnection: memories[at] ?? Number.NaN,
        deliveriesPerSecond: fans[at]?.perSecond ?? Number.NaN,
        deliveriesPerProcessorSecond: (fans[at]?.perSecond ?? Number.NaN) / (fans[at]?.busy ?? Number.NaN),
        deliveriesOneByOne: singles[at]?.perSecond ?? Number.NaN,
        busy: fans[at]?.busy ?? Number.NaN,
        p50Ms: paces[at]?.p50Ms ?? Number.NaN,
        p99Ms: paces[at]?.p99Ms ?? Number.NaN,
      },
    ]),
  );
};
