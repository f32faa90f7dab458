import { createService, page, service } from '@simfleet/contracts';
import type { CreateService } from '@simfleet/contracts';
import { SimfleetError } from '@simfleet/contracts';
import { defineRoute, mistakesOf } from '@simfleet/http';
import type { RequestContext, Route } from '@simfleet/http';
import { z } from 'zod';
import type { Parts } from '../assemble.ts';
import { mergePatch } from '../merge-patch.ts';
import { platformCustomer, serviceView } from '../services/service-document.ts';
import type { ServiceDocument, StoredService } from '../services/service-document.ts';
import type { Lists } from './lists.ts';
import { allOf, answerRecord, ifMatchOf } from './visible.ts';

const tag = 'services';
const params = z.object({ name: z.string() });
const one = { description: 'The service.', schema: service };
const many = { description: 'A page of services.', schema: page(service) };
const replacement = createService.omit({ name: true });
const versionText = z
  .string()
  .regex(/^[1-9][0-9]{0,8}$/, 'must be a version: 1, 2, 3, …')
  .transform(Number);

/** Merge patch of a service; members of `spec` merge too. */
const servicePatch = z.strictObject({
  labels: z.record(z.string(), z.string().nullable()).optional(),
  spec: z.record(z.string(), z.json()).optional(),
});

/** CRUD of the catalogue. */
export const serviceRoutes = (parts: () => Parts, lists: Lists): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/v1/services',
    operationId: 'createService',
    summary: 'Create a service',
    tag,
    action: 'services.create',
    request: { body: createService },
    responses: { 201: one },
    errors: ['already-exists'],
    async handle(request) {
      request.authorize(platformCustomer);
      const stored = await parts().catalogue.create(request.body);
      return told(parts(), request, 'services.create', stored, 201);
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/services',
    operationId: 'listServices',
    summary: 'List services, each in its newest version',
    tag,
    action: 'services.read',
    request: { query: lists.services.query },
    responses: { 200: many },
    async handle({ query, principal, url }) {
      const { serviceDocuments, surroundings } = parts();
      return lists.services.answer({
        codec: surroundings.cursors,
        collection: serviceDocuments,
        ...{ query, principal, url },
        show: (rows) => rows.map(serviceView),
      });
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/services/:name',
    operationId: 'getService',
    summary: 'Read a service: its newest version, or the one asked for',
    tag,
    action: 'services.read',
    request: { params, query: z.strictObject({ version: versionText.optional() }) },
    responses: { 200: one },
    errors: ['not-found'],
    async handle({ params: { name }, query: { version } }) {
      const stored = await parts().catalogue.get(name, version);
      return answerRecord(200, stored, serviceView(stored));
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/services/:name/versions',
    operationId: 'listServiceVersions',
    summary: 'List the versions of a service',
    tag,
    action: 'services.read',
    request: { params, query: lists.serviceVersions.query },
    responses: { 200: many },
    errors: ['not-found'],
    async handle({ params: { name }, query, principal, url }) {
      const { catalogue, serviceVersions, surroundings } = parts();
      const { doc } = await catalogue.getWhole(name);
      return lists.serviceVersions.answer({
        codec: surroundings.cursors,
        collection: serviceVersions,
        list: `services/${name}/versions`,
        ...{ query, principal, url },
        // Versions of a deleted service of this name that a crash left over are none, nor what release 0.1.0 wrote and never published.
        ...allOf([
          { op: 'eq', field: 'name', value: name },
          { op: 'eq', field: 'incarnation', value: doc.incarnation ?? null },
        ]),
        within: { op: 'range', field: 'version', to: doc.version + 1 },
        show: (rows) => rows.map(serviceView),
      });
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/services/:name/versions/:version',
    operationId: 'getServiceVersion',
    summary: 'Read one version of a service',
    tag,
    action: 'services.read',
    request: { params: params.extend({ version: versionText }) },
    responses: { 200: one },
    errors: ['not-found'],
    async handle({ params: { name, version } }) {
      const stored = await parts().catalogue.get(name, version);
      return answerRecord(200, stored, serviceView(stored));
    },
  }),
  defineRoute({
    method: 'put',
    path: '/v1/services/:name',
    operationId: 'replaceService',
    summary: 'Replace a service: a spec that differs makes a new version',
    tag,
    action: 'services.change',
    request: { params, body: replacement },
    responses: { 200: one },
    errors: ['not-found', 'immutable', 'precondition-failed'],
    async handle(request) {
      request.authorize(platformCustomer);
      const stored = await parts().catalogue.change(request.params.name, () => request.body, ifMatchOf(request));
      return told(parts(), request, 'services.change', stored, 200);
    },
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/services/:name',
    operationId: 'changeService',
    summary: 'Change a service by JSON merge patch: a spec that differs makes a new version',
    tag,
    action: 'services.change',
    request: { params, body: servicePatch },
    alsoAccepts: ['application/merge-patch+json'],
    responses: { 200: one },
    errors: ['not-found', 'immutable', 'precondition-failed'],
    async handle(request) {
      request.authorize(platformCustomer);
      const change = (before: ServiceDocument) => merged(before, request.body);
      const stored = await parts().catalogue.change(request.params.name, change, ifMatchOf(request));
      return told(parts(), request, 'services.change', stored, 200);
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/v1/services/:name',
    operationId: 'deleteService',
    summary: 'Delete a service that no job uses, in all its versions',
    tag,
    action: 'services.delete',
    request: { params },
    responses: { 204: { description: 'It is gone.' } },
    errors: ['not-found', 'in-use', 'immutable', 'precondition-failed'],
    async handle(request) {
      request.authorize(platformCustomer);
      const stored = await parts().catalogue.delete(request.params.name, ifMatchOf(request));
      await told(parts(), request, 'services.delete', stored, 204);
      return { status: 204 };
    },
  }),
];

const told = async (
  { audit }: Parts,
  { principal }: RequestContext,
  action: string,
  stored: StoredService,
  status: number,
) => {
  const { version } = stored;
  const subject = `services/${stored.doc.name}`;
  await audit.write({ principal, customer: platformCustomer, action, subject, since: stored.doc.createdAt, version });
  return answerRecord(status, stored, serviceView(stored), status === 201 ? { location: `/v1/${subject}` } : {});
};

const merged = (
  { labels, spec }: ServiceDocument,
  patch: z.infer<typeof servicePatch>,
): Pick<CreateService, 'labels' | 'spec'> => {
  const parsed = replacement.safeParse(mergePatch({ labels, spec }, patch));
  if (parsed.success) return parsed.data;
  const mistakes = mistakesOf('body', replacement, parsed.error.issues);
  throw new SimfleetError('invalid-request', 'the change has mistakes', { mistakes });
};
