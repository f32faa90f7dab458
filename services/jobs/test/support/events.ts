import type { LiveEvent } from '@simfleet/contracts';
import type { Platform } from './platform.ts';

export interface ToldEvent {
  readonly id: number;
  readonly event: LiveEvent;
}

/** A client of a job's live stream. */
export interface Follower {
  /** The next events, at least so many; fewer when the stream ends. */
  some(count: number): Promise<readonly ToldEvent[]>;
  /** Everything until the platform ends the stream. */
  all(): Promise<readonly ToldEvent[]>;
  close(): Promise<void>;
}

export const followEvents = (platform: Platform, jobId: string, after = 0): Follower => {
  const abort = new AbortController();
  const frames = readFrames(platform, jobId, after, abort.signal);
  const some = async (count: number): Promise<readonly ToldEvent[]> => {
    const events: ToldEvent[] = [];
    while (events.length < count) {
      const next = await frames.next();
      if (next.done === true) break;
      events.push(next.value);
    }
    return events;
  };
  return {
    some,
    all: () => some(Infinity),
    async close() {
      abort.abort();
      await frames.return(undefined).catch(() => undefined);
    },
  };
};

const readFrames = async function* (
  platform: Platform,
  jobId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<ToldEvent, void> {
  const response = await platform.open(`/v1/jobs/${jobId}/events`, {
    signal,
    headers: after === 0 ? {} : { 'last-event-id': String(after) },
  });
  if (response.status !== 200 || response.body === null)
    throw new Error(`${response.status}: ${await response.text()}`);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const id = /^id: (\d+)$/m.exec(frame)?.[1];
      const data = /^data: (.*)$/m.exec(frame)?.[1];
      if (id !== undefined && data !== undefined) yield { id: Number(id), event: JSON.parse(data) as LiveEvent };
    }
  }
};
