import {
  apiVersion,
  customResources,
  jobSpec,
  resourceGroup,
  serviceSpec,
  simulationJobStatus,
  simulationServiceStatus,
} from '@simfleet/contracts';
import type { z } from 'zod';
import { jobExtensions, serviceExtensions } from './rules.ts';
import type { ExtensionsByPath } from './rules.ts';
import { structuralSchema } from './structural-schema.ts';
import type { Json } from './structural-schema.ts';

/** A column of `kubectl get`; `priority` 1 = with `-o wide` only. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: 1;
}

export interface CustomResource {
  readonly names: (typeof customResources)[keyof typeof customResources];
  readonly description: string;
  readonly columns: readonly Column[];
  readonly schema: Json;
}

const age: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since it was created.',
};

/** Summary fields, since what a condition's last entry happens to be says little. */
const jobColumns: readonly Column[] = [
  { name: 'State', type: 'string', jsonPath: '.status.state', description: 'What the job is doing.' },
  { name: 'Progress', type: 'string', jsonPath: '.status.progress.text', description: 'Share of the work done.' },
  { name: 'Value', type: 'string', jsonPath: '.status.value', description: 'Estimate of the metric.' },
  { name: '±', type: 'string', jsonPath: '.status.halfWidth', description: 'Half the width of its interval.' },
  { name: 'ETA', type: 'string', jsonPath: '.status.progress.eta', description: 'Time until the end, as it looks.' },
  age,
  {
    name: 'Service',
    type: 'string',
    jsonPath: '.spec.serviceRef.name',
    description: 'What it runs.',
    priority: 1,
  },
  {
    name: 'Stopped',
    type: 'string',
    jsonPath: '.status.stopReason',
    description: 'Why it ended.',
    priority: 1,
  },
];

const serviceColumns: readonly Column[] = [
  { name: 'Engine', type: 'string', jsonPath: '.spec.engine', description: 'Built-in engine; empty for an image.' },
  { name: 'Version', type: 'integer', jsonPath: '.status.version', description: 'Version in the catalogue.' },
  {
    name: 'Accepted',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
    description: 'Whether the catalogue has it.',
  },
  age,
  { name: 'Image', type: 'string', jsonPath: '.spec.container.image', description: 'Image that runs it.', priority: 1 },
];

const wholeSchema = (
  { kind }: CustomResource['names'],
  description: string,
  spec: z.ZodType,
  status: z.ZodType,
  extensions: ExtensionsByPath,
): Json => ({
  description,
  type: 'object',
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string', description: `\`${apiVersion}\`.` },
    kind: { type: 'string', description: `\`${kind}\`.` },
    metadata: { type: 'object' },
    spec: structuralSchema(spec, 'spec', extensions),
    status: structuralSchema(status, 'status', extensions),
  },
  ...extensions[''],
});

const resource = (
  names: CustomResource['names'],
  description: string,
  columns: readonly Column[],
  [spec, status, extensions]: readonly [z.ZodType, z.ZodType, ExtensionsByPath],
): CustomResource => ({
  names,
  description,
  columns,
  schema: wholeSchema(names, description, spec, status, extensions),
});

export const resources = (): readonly CustomResource[] => [
  resource(
    customResources.SimulationJob,
    'One run of a service with parameters, seed and bounds; belongs to the customer that its namespace is labelled with.',
    jobColumns,
    [jobSpec, simulationJobStatus, jobExtensions],
  ),
  resource(
    customResources.SimulationService,
    'An entry of the catalogue of what can be run, for all customers.',
    serviceColumns,
    [serviceSpec, simulationServiceStatus, serviceExtensions],
  ),
];

/** The CustomResourceDefinition (apiextensions.k8s.io/v1). */
export const definition = ({ names, columns, schema }: CustomResource): Json => {
  const { scope, ...named } = names;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${resourceGroup}` },
    spec: {
      group: resourceGroup,
      scope,
      names: { ...named, listKind: `${names.kind}List`, categories: ['simfleet'] },
      versions: [
        {
          name: apiVersion.slice(resourceGroup.length + 1),
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  };
};
