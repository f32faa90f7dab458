import { z } from 'zod';
import { identifier } from './scalars.ts';

/** Metrics of one service at most: the status of a job on Kubernetes holds an estimate of each. */
export const mostMetrics = 16;
/** Variables that every pod of a job has; docs/reference says what they hold. */
const reservedVariable = /^(SIMFLEET_.*|JOB_COMPLETION_INDEX|NODE_EXTRA_CA_CERTS)$/;

/** Name of the engine that jobs of container services are shown with. */
export const containerEngine = 'container';

/**
 * An image of a person's own that runs blocks and speaks the report protocol. Whatever it computes must depend on parameters, seed and block alone: the digest of the image stands for it.
 * Such services run on Kubernetes only.
 */
export const serviceContainer = z
  .strictObject({
    image: z
      .string()
      .max(512)
      .regex(
        /^[a-z0-9][a-zA-Z0-9._:/-]*@sha256:[0-9a-f]{64}$/,
        'must be an image with its digest, such as "registry.example/simulation:1.0@sha256:…" with 64 hex digits',
      )
      .meta({
        description: "By digest, so that a job's answer stays that of one build.",
        examples: [`registry.example/simulation@sha256:${'0'.repeat(64)}`],
      }),
    command: z.array(z.string().max(4096)).min(1).max(64).optional().describe("In place of the image's entry point."),
    args: z.array(z.string().max(4096)).max(64).optional().describe("In place of the image's arguments."),
    env: z
      .array(
        z.strictObject({
          name: z
            .string()
            .max(128)
            .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name of letters, digits and "_"')
            .refine((text) => !reservedVariable.test(text), 'is set by the platform'),
          value: z.string().max(4096),
        }),
      )
      .max(64)
      .optional()
      .describe('Plain values only; those that the platform sets are refused.'),
    blockSize: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .describe('Paths of a full block; for good use of the machines 50 ms … 1 s of work.'),
    metrics: z
      .array(z.strictObject({ name: identifier, description: z.string().max(1024).default('') }))
      .min(1)
      .max(mostMetrics)
      .refine((list) => new Set(list.map((item) => item.name)).size === list.length, 'must have different names')
      .describe('What each block reports moments of.'),
  })
  .meta({ id: 'ServiceContainer' });
export type ServiceContainer = z.infer<typeof serviceContainer>;

/** The digest that an image carries, as 64 hex digits: the kernel hash of its service. */
export const imageDigest = ({ image }: Pick<ServiceContainer, 'image'>): string =>
  image.slice(image.lastIndexOf(':') + 1);
