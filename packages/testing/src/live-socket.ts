/** What any client of the protocol can rely on, as it comes over the wire. */
export interface SocketEvent {
  readonly id: number;
  readonly type: string;
  readonly [member: string]: unknown;
}

export type SocketPush =
  | { readonly job: string; readonly event: SocketEvent }
  | { readonly job: string; readonly end: { readonly last: number; readonly reason: string } };

export interface SocketProblem {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

/** Of the subprotocol. */
const name = 'simfleet.v1';

export interface LiveSocketOptions {
  /** Of the socket, path included. */
  readonly url: string;
  readonly token: string;
  /** Where the token goes: into `Authorization` of the handshake, or into the first message as a browser must. Default connect. */
  readonly by?: 'header' | 'connect';
  /** Told each push as it comes. */
  readonly onPush?: (push: SocketPush) => void;
}

export type SocketAnswer =
  | { readonly id: number; readonly ok: Readonly<Record<string, unknown>> }
  | { readonly id: number; readonly error: SocketProblem; readonly retryAfterMs?: number };

export type SocketMessage = SocketAnswer | SocketPush;

/** A client of `simfleet.v1`, on the WebSocket of Node. */
export interface LiveSocket {
  /** What the server sent by itself, in its order. */
  readonly pushes: readonly SocketPush[];
  /** Everything, replies too. */
  readonly messages: readonly SocketMessage[];
  send(text: string | Uint8Array<ArrayBuffer>): void;
  /** Sends `{id, [verb]: body}` and waits for its reply. Rejects when the connection ends before it. */
  ask(verb: string, body: unknown): Promise<SocketAnswer>;
  /** Events of a job so far, each with its id. */
  events(job: string): readonly SocketEvent[];
  /** Resolves with the end of a watch; rejects when the connection ends first. */
  end(job: string): Promise<{ readonly last: number; readonly reason: string }>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(): void;
}

/** Resolves once the connection is open, and the token was taken where it goes by `connect`. Rejects with what the server closed with. */
export const openLiveSocket = async (options: LiveSocketOptions): Promise<LiveSocket> => {
  const { url, token, by = 'connect', onPush } = options;
  const socket = connectLiveSocket(url, by === 'header' ? { authorization: `Bearer ${token}` } : {}, onPush);
  await socket.opened;
  if (by === 'header') return socket;
  const answer = await socket.ask('connect', { token });
  if ('error' in answer) throw new Error(`refused: ${JSON.stringify(answer.error)}`);
  return socket;
};

/** A connection that has said nothing yet. `opened` rejects when the handshake fails. */
export const connectLiveSocket = (
  url: string,
  headers: Readonly<Record<string, string>> = {},
  onPush: (push: SocketPush) => void = () => undefined,
): LiveSocket & { readonly opened: Promise<void> } => {
  const socket = new WebSocket(url, { protocols: [name], headers: { ...headers } });
  const messages: SocketMessage[] = [];
  const pushes: SocketPush[] = [];
  const byJob = new Map<string, SocketEvent[]>();
  const ends = new Map<string, { readonly last: number; readonly reason: string }>();
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<{ readonly code: number; readonly reason: string }>();
  /** Who waits for something to come. Each answers whether it has. */
  const waiting = new Set<() => boolean>();
  let nextId = 1;
  let over: { readonly code: number; readonly reason: string } | null = null;

  const eventsOf = (job: string): SocketEvent[] => {
    const found = byJob.get(job) ?? [];
    byJob.set(job, found);
    return found;
  };
  const look = (): void => {
    for (const each of waiting) if (each()) waiting.delete(each);
  };
  const whenThere = <Value>(find: () => Value | undefined): Promise<Value> =>
    new Promise((resolve, reject) => {
      waiting.add(() => {
        const found = find();
        if (found !== undefined) resolve(found);
        else if (over !== null) reject(new Error(`closed with ${over.code} ${over.reason}`));
        return found !== undefined || over !== null;
      });
      look();
    });

  socket.addEventListener('open', () => opened.resolve());
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as SocketMessage;
    messages.push(message);
    if ('job' in message) {
      pushes.push(message);
      if ('event' in message) eventsOf(message.job).push(message.event);
      else ends.set(message.job, message.end);
      onPush(message);
    }
    look();
  });
  socket.addEventListener('close', ({ code, reason }) => {
    over = { code, reason };
    opened.reject(new Error(`closed with ${code} ${reason}`));
    closed.resolve(over);
    look();
  });
  opened.promise.catch(() => undefined);

  return {
    ...{ pushes, messages, opened: opened.promise, closed: closed.promise },
    send: (text) => socket.send(text),
    ask(verb, body) {
      const id = nextId++;
      socket.send(JSON.stringify({ id, [verb]: body }));
      return whenThere(() => messages.find((each): each is SocketAnswer => 'id' in each && each.id === id));
    },
    events: (job) => byJob.get(job) ?? [],
    end: (job) => whenThere(() => ends.get(job)),
    close: () => socket.close(),
  };
};
