import { writeFileSync } from 'node:fs';

/** The inspector of a Node process that was started with `--inspect`. */
export interface Inspector {
  /** Bytes of live objects, after a collection of garbage. */
  liveBytes(): Promise<number>;
  /** Takes a profile of the processor's time while the work runs, for Chrome's developer tools. */
  profile(file: string, work: () => Promise<void>): Promise<void>;
  close(): void;
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Finds the address in what `--inspect=127.0.0.1:0` prints at the start. */
export const inspectorAddress = (log: string): string | null => /Debugger listening on (ws:\S+)/.exec(log)?.[1] ?? null;

export const openInspector = async (address: string): Promise<Inspector> => {
  const socket = new WebSocket(address);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = JSON.parse(String(data)) as Answer;
    const call = id === undefined ? undefined : waiting.get(id);
    if (call === undefined || id === undefined) return;
    waiting.delete(id);
    if (error === undefined) call.resolve(result);
    else call.reject(new Error(error.message));
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error(`no inspector at ${address}`)));
  });
  const call = (method: string): Promise<unknown> => {
    const answer = Promise.withResolvers<unknown>();
    waiting.set((last += 1), answer);
    socket.send(JSON.stringify({ id: last, method }));
    return answer.promise;
  };
  return {
    async liveBytes() {
      await call('HeapProfiler.collectGarbage');
      const { usedSize, backingStorageSize = 0 } = (await call('Runtime.getHeapUsage')) as {
        readonly usedSize: number;
        readonly backingStorageSize?: number;
      };
      return usedSize + backingStorageSize;
    },
    async profile(file, work) {
      await call('Profiler.enable');
      await call('Profiler.start');
      await work();
      const { profile } = (await call('Profiler.stop')) as { readonly profile: unknown };
      writeFileSync(file, JSON.stringify(profile));
    },
    close: () => socket.close(),
  };
};
