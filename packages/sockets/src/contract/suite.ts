import type { TestContext } from 'node:test';
import { until } from '@simfleet/testing';
import type { FixtureAddress, FixtureOptions, FixtureState, Publishing } from './fixture.ts';

/** A driver under test, serving the fixture in this process or in another. */
export interface SocketSuite {
  readonly name: string;
  readonly start: (options: FixtureOptions) => Promise<FixtureAddress & { readonly stop: () => Promise<void> }>;
  readonly traits: SocketTraits;
}

/** What drivers may do differently; each is tested for what it says. */
export interface SocketTraits {
  /** Whether who breaks the protocol is told by a close code; else the connection is cut, and the handlers hear the code or 1006. */
  readonly explainsViolations: boolean;
  /** Whether a frame without a mask ends the connection; else it is read as though it had one. */
  readonly refusesUnmasked: boolean;
  /** Null where `closeMs` and `handshakeMs` hold; else so many milliseconds, whatever they are. */
  readonly closeMs: number | null;
  readonly handshakeMs: number | null;
}

/** A server of a test's own, stopped at its end. */
export interface Served extends FixtureAddress {
  state(): Promise<FixtureState>;
  /** Waits for a state. */
  reach(what: string, holds: (state: FixtureState) => boolean): Promise<FixtureState>;
  publish(publishing: Publishing): Promise<FixtureState & { readonly published: number }>;
  stop(): Promise<FixtureState>;
  /** Stops, and ends the process of the server where it has one of its own. Once. */
  end(): Promise<void>;
}

export const serve = async (suite: SocketSuite, t: TestContext, options: FixtureOptions = {}): Promise<Served> => {
  const { url, control, stop } = await suite.start(options);
  let ending: Promise<void> | null = null;
  const end = (): Promise<void> => (ending ??= stop());
  t.after(end);
  const ask = async <Answer>(path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(control + path, { method: 'POST', body: JSON.stringify(body ?? null) });
    return (await response.json()) as Answer;
  };
  const state = (): Promise<FixtureState> => ask('/state');
  return {
    url,
    control,
    state,
    reach: (what, holds) =>
      until(
        what,
        async () => {
          const now = await state();
          return holds(now) && now;
        },
        30_000,
      ),
    publish: (publishing) => ask('/publish', publishing),
    stop: () => ask('/stop'),
    end,
  };
};
