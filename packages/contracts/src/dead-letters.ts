import { z } from 'zod';

/** An event that a consumer could not handle, for administrators: events hold customers' data. */
export const deadLetter = z
  .strictObject({
    id: z.string().describe('Letters sort by it, oldest first.'),
    consumer: z.string(),
    reason: z.string().describe('What the last attempt failed with.'),
    attempts: z.int().min(0),
    time: z.string().describe('When it was parked, RFC 3339.'),
    event: z.looseObject({
      id: z.string(),
      source: z.string(),
      sourceversion: z.int(),
      type: z.string(),
      time: z.string(),
      customer: z.string(),
    }),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetterView = z.infer<typeof deadLetter>;
