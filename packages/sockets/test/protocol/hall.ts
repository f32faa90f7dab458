import type { TestContext } from 'node:test';
import { socketPath } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import { createMetrics, systemClock } from '@simfleet/runtime';
import type { Metrics } from '@simfleet/runtime';
import { serveProtocol } from '@simfleet/sockets';
import type { ProtocolOptions, SocketAccess, SocketVerb } from '@simfleet/sockets';
import { createWsSocketServer } from '@simfleet/sockets/ws';
import { recordingLogger } from '@simfleet/testing';
import { describeProblem } from './describe-problem.ts';

export const token = 'the-token-of-somebody';
const somebody: Principal = { id: 'somebody', kind: 'user', customers: ['acme'] };

/** Answers what it is told, as soon as it is let. */
export const echo: SocketVerb = {
  name: 'echo',
  operation: 'echo',
  action: 'echo.use',
  handle: async ({ peer, body, permits }) => ({
    ok: { body, who: peer.principal.id, acme: permits('acme'), other: permits('other') },
    after: () => void peer.send(JSON.stringify({ job: 'behind', end: { last: 0, reason: 'over' } })),
  }),
};

/** Every token goes on as it is. */
export const nobodyLosesTokens: Pick<SocketAccess, 'watch'> = { watch: () => () => undefined };

export interface ProtocolHall {
  readonly url: string;
  readonly metrics: Metrics;
  readonly lines: readonly string[];
}

/** A real server on a free port that speaks the protocol with these verbs. */
export const openHall = async (
  test: TestContext,
  verbs: readonly SocketVerb[] = [echo],
  more: Partial<ProtocolOptions> = {},
): Promise<ProtocolHall> => {
  const { logger, lines } = recordingLogger();
  const metrics = createMetrics();
  const handlers = serveProtocol({
    access: {
      tokenOf: (authorization) => /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? null,
      authenticate: async (given) => (given === token ? somebody : null),
      permits: (principal, action, customer) =>
        action !== 'forbidden.use' && (customer === null || principal.customers.includes(customer)),
      ...nobodyLosesTokens,
    },
    admission: null,
    ...{ verbs, describeProblem, clock: systemClock, logger, metrics },
    ...more,
  });
  const server = createWsSocketServer({ handlers });
  const { url } = await server.start({ host: '127.0.0.1', port: 0 });
  test.after(() => server.stop());
  return { url: `${url}${socketPath}`, metrics, lines };
};
