import { jobState } from '@simfleet/contracts';
import { defineList, repeated } from '@simfleet/http';
import type { List } from '@simfleet/http';
import { z } from 'zod';
import { deadLetterList } from '../dead-letters/dead-letters.ts';
import { customersCollection } from '../customers/customers.ts';
import { policiesCollection } from '../limits/policy-document.ts';
import { jobsCollection } from '../jobs/job-document.ts';
import { serviceVersionsCollection, servicesCollection } from '../services/service-document.ts';

const labelFilter = z
  .string()
  .regex(/^[^=]+=[^=]*$/, 'must be key=value')
  .describe('`key=value`; given several times, all must match.');

const jobFilters = {
  customer: z.string().optional(),
  name: z.string().optional(),
  service: z.string().optional().describe('Name of the service.'),
  state: repeated(jobState).describe('Given several times, any of them.'),
  label: repeated(labelFilter),
};
export type JobFilters = z.infer<z.ZodObject<typeof jobFilters>>;

const letterFilters = { consumer: z.string().optional().describe('Name of the consumer.') };

type Unfiltered = List<Record<never, never>>;

/** The lists of the service's API, all with the same parameters. */
export interface Lists {
  readonly jobs: List<typeof jobFilters>;
  readonly customers: Unfiltered;
  readonly customerServices: Unfiltered;
  readonly services: Unfiltered;
  readonly serviceVersions: Unfiltered;
  readonly deadLetters: List<typeof letterFilters>;
  readonly policies: Unfiltered;
}

/** Throws `invalid-configuration` when a list offers a sort that its collection has no index for. */
export const defineLists = (): Lists => ({
  jobs: defineList({
    list: 'jobs',
    collection: jobsCollection,
    sorts: ['createdAt', 'name'],
    fallback: '-createdAt',
    filters: jobFilters,
  }),
  customers: defineList({
    list: 'customers',
    collection: customersCollection,
    sorts: ['id', 'createdAt'],
    fallback: 'id',
  }),
  customerServices: defineList({
    list: 'customers/{id}/services',
    collection: servicesCollection,
    sorts: ['name', 'createdAt'],
    fallback: 'name',
  }),
  services: defineList({
    list: 'services',
    collection: servicesCollection,
    sorts: ['name', 'createdAt'],
    fallback: 'name',
  }),
  serviceVersions: defineList({
    list: 'services/{name}/versions',
    collection: serviceVersionsCollection,
    sorts: ['version'],
    fallback: '-version',
  }),
  deadLetters: defineList({
    list: 'events/dead',
    collection: deadLetterList,
    sorts: ['id'],
    fallback: 'id',
    filters: letterFilters,
  }),
  policies: defineList({
    list: 'rate-limit-policies',
    collection: policiesCollection,
    sorts: ['name', 'createdAt'],
    fallback: 'name',
  }),
});
