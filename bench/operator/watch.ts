import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import type { TestControlPlane } from '@simfleet/testing';

/** Members of a SimulationJob or a child Job that are looked at here. */
export interface Watched {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly ownerReferences?: readonly { readonly name: string }[];
  };
  readonly spec: { readonly completions?: number };
  readonly status?: {
    readonly state?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

interface WatchEvent {
  readonly type: string;
  readonly object: Watched & { readonly message?: string };
}

/** Takes chunks of lines of JSON apart. */
const linesOf = (heard: (event: WatchEvent) => void): ((chunk: Buffer) => void) => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) heard(JSON.parse(line) as WatchEvent);
  };
};

/**
 * Tells what is created or changed from now on, over ends of the connection (the API server ends the watches of a kind soon after it was
 * defined). Answers the function that ends it. Throws, also later and then unhandled, when the server refuses: no figure would be right.
 */
export const watchFromNow = async (
  plane: TestControlPlane,
  path: string,
  heard: (object: Watched) => void,
): Promise<() => void> => {
  const list = (await plane.api.get(`${path}?limit=1`)) as { readonly metadata: { readonly resourceVersion: string } };
  let last = list.metadata.resourceVersion;
  const agent = new Agent({ ca: readFileSync(plane.caFile) });
  const headers = { authorization: `Bearer ${plane.adminToken}`, accept: 'application/json' };
  const ended = new AbortController();

  const connect = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const words = `watch=1&allowWatchBookmarks=true&resourceVersion=${last}&timeoutSeconds=3600`;
      const sent = request(new URL(`${path}?${words}`, plane.url), { agent, headers, signal: ended.signal });
      sent.once('error', reject);
      sent.once('response', (answer) => {
        if (answer.statusCode === 200) resolve(answer);
        else reject(new Error(`watch ${path}: ${answer.statusCode}`));
      });
      sent.end();
    });

  const follow = (answer: IncomingMessage): void => {
    answer.on(
      'data',
      linesOf(({ type, object }) => {
        if (type === 'ERROR') throw new Error(`watch ${path}: ${object.message ?? 'refused'}`);
        last = object.metadata.resourceVersion;
        if (type === 'ADDED' || type === 'MODIFIED') heard(object);
      }),
    );
    answer.on('error', () => undefined);
    answer.on('close', () => {
      if (!ended.signal.aborted) void connect().then(follow);
    });
  };

  follow(await connect());
  return () => {
    ended.abort();
    agent.destroy();
  };
};
