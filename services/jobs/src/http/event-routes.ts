import type { DeadLetter } from '@simfleet/bus';
import { deadLetter, page, SimfleetError } from '@simfleet/contracts';
import type { DeadLetterView, Principal } from '@simfleet/contracts';
import { defineRoute } from '@simfleet/http';
import type { Route } from '@simfleet/http';
import { z } from 'zod';
import type { Parts } from '../assemble.ts';
import { deadLetterRows, needLetter } from '../dead-letters/dead-letters.ts';
import type { Lists } from './lists.ts';

const tag = 'events';
const params = z.object({ id: z.string() });

/** Events are of all customers. */
const administratorOnly = ({ kind, customers }: Principal): void => {
  if (kind !== 'administrator' || customers !== '*')
    throw new SimfleetError('forbidden', 'dead letters hold data of all customers: only an administrator may see them');
};

const view = ({ id, consumer, reason, attempts, time, event }: DeadLetter): DeadLetterView => ({
  ...{ id, consumer, reason, attempts, time },
  event: { ...event },
});

/** The audit entry of what was done with a letter; the event's version tells letters of one id apart after a restart of a bus in memory. */
const tell = ({ audit }: Parts, principal: Principal, letter: DeadLetter, action: string): Promise<void> =>
  audit.write({
    principal,
    customer: letter.event.customer,
    action,
    subject: `events/${letter.id}`,
    since: letter.time,
    version: letter.event.sourceversion,
  });

/** Events that consumers could not handle: seen, handed over again, forgotten. */
export const eventRoutes = (parts: () => Parts, lists: Lists): readonly Route[] => [
  defineRoute({
    method: 'get',
    path: '/v1/events/dead',
    operationId: 'listDeadLetters',
    summary: 'List events that consumers could not handle',
    description: 'For administrators. Each has the reason of its last attempt.',
    tag,
    action: 'events.read',
    request: { query: lists.deadLetters.query },
    responses: { 200: { description: 'A page of dead letters.', schema: page(deadLetter) } },
    async handle({ query, principal, url }) {
      administratorOnly(principal);
      const { bus, cursors } = parts().surroundings;
      return lists.deadLetters.answer({
        codec: cursors,
        collection: deadLetterRows(bus),
        ...{ query, principal, url },
        ...(query.consumer === undefined ? {} : { filter: { op: 'eq', field: 'consumer', value: query.consumer } }),
        show: (rows) => rows.map(({ doc }) => view(doc.letter)),
      });
    },
  }),
  defineRoute({
    method: 'post',
    path: '/v1/events/dead/:id\\:replay',
    operationId: 'replayDeadLetter',
    summary: 'Hand an event to its consumer again',
    description:
      'For administrators, once the cause is mended. The consumer tries as often as at first; if it fails again, there is a new letter. An event that had its effect already has it once.',
    tag,
    action: 'events.replay',
    request: { params },
    responses: { 204: { description: 'It is on its way, and the letter is gone.' } },
    errors: ['not-found', 'unavailable'],
    async handle({ params: { id }, principal }) {
      administratorOnly(principal);
      const { bus } = parts().surroundings;
      const letter = await needLetter(bus, id);
      await bus.replay(id);
      await tell(parts(), principal, letter, 'events.replay');
      return { status: 204 };
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/v1/events/dead/:id',
    operationId: 'discardDeadLetter',
    summary: 'Forget an event that a consumer could not handle',
    description: 'For administrators. Its effect never comes.',
    tag,
    action: 'events.discard',
    request: { params },
    responses: { 204: { description: 'It is gone.' } },
    errors: ['not-found'],
    async handle({ params: { id }, principal }) {
      administratorOnly(principal);
      const { bus } = parts().surroundings;
      const letter = await needLetter(bus, id);
      await bus.discard(id);
      await tell(parts(), principal, letter, 'events.discard');
      return { status: 204 };
    },
  }),
];
