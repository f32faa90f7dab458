import { z } from 'zod';
import { defineRoute } from '../routes/route.ts';
import type { Route } from '../routes/route.ts';
import type { HttpServerOptions } from './options.ts';

const readinessShape = z.strictObject({
  ready: z.boolean(),
  phase: z.enum(['starting', 'running', 'stopping']),
  modules: z.array(z.strictObject({ name: z.string(), ready: z.boolean(), reason: z.string().optional() })),
});

/** `/healthz` (the process answers), `/readyz` (it can take work): open to all, since probes have no credentials. */
export const healthRoutes = ({ readiness }: Pick<HttpServerOptions, 'readiness'>): readonly Route[] => [
  defineRoute({
    method: 'get',
    path: '/healthz',
    operationId: 'getHealth',
    tag: 'health',
    summary: 'Whether the process is alive',
    action: 'health.read',
    authentication: 'none',
    responses: { 200: { description: 'Alive.', schema: z.strictObject({ status: z.literal('alive') }) } },
    handle: () => Promise.resolve({ status: 200, body: { status: 'alive' } }),
  }),
  defineRoute({
    method: 'get',
    path: '/readyz',
    operationId: 'getReadiness',
    tag: 'health',
    summary: 'Whether the process can take work, module by module',
    action: 'health.read',
    authentication: 'none',
    responses: {
      200: { description: 'Every module is ready.', schema: readinessShape },
      503: { description: 'Starting, stopping, or a module cannot work.', schema: readinessShape },
    },
    async handle() {
      const report = await readiness();
      return report.ready
        ? { status: 200, body: report }
        : { status: 503, body: report, headers: { 'retry-after': '1' } };
    },
  }),
];
