import { z } from 'zod';

/**
 * RFC 9457 problem details; `code` and `errors` are extension members, `instance` is the request id. `violated-policies` is that of the problem
 * type `quota-exceeded` (draft-ietf-httpapi-ratelimit-headers-10 §5.1).
 */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: z.string(),
  retryable: z.boolean(),
  errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })),
  'violated-policies': z.array(z.string()).optional(),
});
export type Problem = z.infer<typeof problem>;
