import { report, reportReply } from '@simfleet/contracts';
import { defineRoute } from '@simfleet/http';
import type { Route } from '@simfleet/http';
import { z } from 'zod';
import type { Parts } from '../assemble.ts';

const path = z.object({ id: z.string() });
const reportLimit = 8 * 2 ** 20;

/** The report protocol of shards (DESIGN §2). */
export const reportRoutes = (parts: () => Parts): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/v1/jobs/:id/reports',
    operationId: 'reportBlocks',
    summary: 'Report finished blocks and get the next lease',
    description:
      'Authenticated by the job’s own token. Blocks are durable when the reply comes. A report is idempotent; nothing of a report with mistakes is stored.',
    tag: 'shards',
    action: 'jobs.report',
    authentication: 'job',
    bodyLimit: reportLimit,
    admit: ({ params, token }) => parts().admitShard(path.parse(params).id, token),
    // The service checks the body itself, for speed.
    request: { params: path, body: z.unknown().meta(describedReport()) },
    responses: { 200: { description: 'What to do next.', schema: reportReply } },
    errors: ['not-reproducible', 'storage-full', 'unavailable'],
    handle: async ({ params, body }) => ({
      status: 200,
      body: await parts().acceptReport(params.id, body),
    }),
  }),
];

/** The shape for the documentation, which the route does not check by. */
function describedReport(): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(report, { io: 'input' });
  return schema;
}
