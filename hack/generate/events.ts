import {
  clientMessage,
  eventData,
  liveEvent,
  socketCloses,
  socketPath,
  socketProtocol,
  socketReply,
} from '@simfleet/contracts';
import { z } from 'zod';

const schema = (shape: z.ZodType, io: 'input' | 'output' = 'output'): string =>
  ['```json', JSON.stringify(z.toJSONSchema(shape, { io }), null, 2), '```'].join('\n');

export const generateEventReference = (): string =>
  [
    '# Events',
    '',
    'Generated from `packages/contracts/src/events.ts`, `packages/contracts/src/live.ts` and `packages/contracts/src/socket-protocol.ts`.',
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
    '## Over WebSockets',
    '',
    `At \`${socketPath}\`, subprotocol \`${socketProtocol}\`, JSON text. [The guide](../guides/live-events.md) has an example. A client sends:`,
    '',
    schema(clientMessage, 'input'),
    '',
    'Each message is answered by one of these with the same `id`:',
    '',
    schema(socketReply),
    '',
    'Beside those come `{"job": …, "event": {"id": …, …}}`, with the members of the live event above, and `{"job": …, "end": {"last": …, "reason": "over" | "deleted"}}`.',
    '',
    '| code | reason | what it means |',
    '|---|---|---|',
    ...Object.entries(socketCloses).map(([reason, { code, meaning }]) => `| ${code} | \`${reason}\` | ${meaning} |`),
    '',
  ].join('\n');
