import { eventData, liveEvent } from '@simfleet/contracts';
import { z } from 'zod';

const schema = (shape: z.ZodType): string =>
  ['```json', JSON.stringify(z.toJSONSchema(shape, { io: 'output' }), null, 2), '```'].join('\n');

export const generateEventReference = (): string =>
  [
    '# Events',
    '',
    'Generated from `packages/contracts/src/events.ts` and `packages/contracts/src/live.ts`.',
    '',
    '## On the bus',
    '',
    'CloudEvents 1.0, with the extension for distributed tracing: `traceparent` and `tracestate` of the request that an event was written for. `source` is the aggregate, `sourceversion` its version: the pair makes an event safe to see twice and orders the events of one aggregate.',
    'Delivery is at least once. A breaking change of `data` is a new `type`.',
    ...Object.entries(eventData).flatMap(([type, shape]) => ['', `### \`${type}\``, '', schema(shape)]),
    '',
    '## Live, for one job',
    '',
    '`GET /v1/jobs/{id}/events` streams these as server-sent events. The `id` is 1, 2, 3, … without gaps; `Last-Event-ID` resumes after it.',
    ...liveEvent.options.flatMap((shape) => ['', `### \`${shape.shape.type.value}\``, '', schema(shape)]),
    '',
  ].join('\n');
