import { z } from 'zod';
import { conditionMembers, serviceConditions } from './conditions.ts';
import type { ServiceConditionType } from './conditions.ts';

const conditionTypes = Object.keys(serviceConditions) as [ServiceConditionType, ...ServiceConditionType[]];

export const simulationServiceCondition = z
  .strictObject({ type: z.enum(conditionTypes), ...conditionMembers })
  .meta({ id: 'SimulationServiceCondition' });
export type SimulationServiceCondition = z.infer<typeof simulationServiceCondition>;

/** Status of a SimulationService: what the catalogue has. */
export const simulationServiceStatus = z
  .strictObject({
    observedGeneration: z.int().min(0).optional().describe('`metadata.generation` that everything here is about.'),
    version: z.int().min(1).optional().describe('Version in the catalogue: rises with each change of the spec.'),
    engineVersion: z.string().max(64).optional(),
    kernelHash: z.string().max(64).optional().describe('Of a container service the digest of its image.'),
    conditions: z.array(simulationServiceCondition).max(conditionTypes.length).optional(),
  })
  .meta({ id: 'SimulationServiceStatus' });
export type SimulationServiceStatus = z.infer<typeof simulationServiceStatus>;
