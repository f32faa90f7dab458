import { simulationJobManifest, simulationServiceManifest } from '@simfleet/contracts';
import { z } from 'zod';

const schema = (shape: z.ZodType): string => `${JSON.stringify(z.toJSONSchema(shape, { io: 'input' }), null, 2)}\n`;

/** JSON Schemas that editors use to complete and check manifests. */
export const generateManifestSchemas = (): Readonly<Record<string, string>> => ({
  'simulation-job.schema.json': schema(simulationJobManifest),
  'simulation-service.schema.json': schema(simulationServiceManifest),
});
