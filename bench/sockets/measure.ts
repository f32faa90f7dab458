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

const fan = (subject: Subject, load: Load, sizes: Sizes): Promise<Pick<Measured, 'deliveriesPerSecond' | 'busy'>> =>
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
      deliveriesPerSecond: result.deliveries / result.seconds,
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

/** One round of one server, in a fresh process for each of the three. Some fifteen seconds. */
export const measure = async (subject: Subject, programs: Programs, sizes: Sizes): Promise<Measured> => {
  const load = loadWith(programs);
  return {
    kibibytesPerConnection: await memory(subject, load, sizes),
    ...(await fan(subject, load, sizes)),
    ...(await pace(subject, load, sizes)),
  };
};
