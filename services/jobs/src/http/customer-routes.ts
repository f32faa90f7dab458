import { createCustomer, customer, page, patchCustomer, service } from '@simfleet/contracts';
import { defineRoute } from '@simfleet/http';
import type { Route } from '@simfleet/http';
import { z } from 'zod';
import type { Parts } from '../assemble.ts';
import { customerView } from '../customers/customers.ts';
import { serviceView } from '../services/service-document.ts';
import type { Lists } from './lists.ts';
import { allOf, answerRecord, ifMatchOf, ownFilter } from './visible.ts';

const tag = 'customers';
const params = z.object({ id: z.string() });
const one = { description: 'The customer.', schema: customer };

/** CRUD of customers, and the services that each may run. */
export const customerRoutes = (parts: () => Parts, lists: Lists): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/v1/customers',
    operationId: 'createCustomer',
    summary: 'Create a customer',
    tag,
    action: 'customers.create',
    request: { body: createCustomer },
    responses: { 201: one },
    errors: ['already-exists'],
    async handle(request) {
      const { id, ...members } = request.body;
      request.authorize(id);
      const { customers, audit } = parts();
      const stored = await customers.create(id, members);
      await audit.write({
        principal: request.principal,
        customer: id,
        action: 'customers.create',
        subject: `customers/${id}`,
        since: stored.doc.createdAt,
        version: 1,
      });
      return answerRecord(201, stored, customerView(stored), { location: `/v1/customers/${id}` });
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/customers',
    operationId: 'listCustomers',
    summary: 'List customers',
    tag,
    action: 'customers.read',
    request: { query: lists.customers.query },
    responses: { 200: { description: 'A page of customers.', schema: page(customer) } },
    async handle({ query, principal, url }) {
      const { customerDocuments, surroundings } = parts();
      return lists.customers.answer({
        codec: surroundings.cursors,
        collection: customerDocuments,
        ...{ query, principal, url },
        ...allOf(ownFilter(principal, 'id')),
        show: (rows) => rows.map(customerView),
      });
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/customers/:id',
    operationId: 'getCustomer',
    summary: 'Read a customer',
    tag,
    action: 'customers.read',
    request: { params },
    responses: { 200: one },
    errors: ['not-found'],
    async handle(request) {
      request.authorize(request.params.id);
      const stored = await parts().customers.get(request.params.id);
      return answerRecord(200, stored, customerView(stored));
    },
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/customers/:id',
    operationId: 'changeCustomer',
    summary: 'Change a customer',
    description: 'Members that are given replace the old ones.',
    tag,
    action: 'customers.change',
    request: { params, body: patchCustomer },
    alsoAccepts: ['application/merge-patch+json'],
    responses: { 200: one },
    errors: ['not-found', 'precondition-failed', 'version-conflict'],
    async handle(request) {
      const { id } = request.params;
      request.authorize(id);
      const { customers, audit, followPolicies } = parts();
      const stored = await customers.change(id, request.body, ifMatchOf(request));
      const { version } = stored;
      followPolicies.planChanged(id);
      await audit.write({
        principal: request.principal,
        customer: id,
        action: 'customers.change',
        subject: `customers/${id}`,
        since: stored.doc.createdAt,
        version,
      });
      return answerRecord(200, stored, customerView(stored));
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/v1/customers/:id',
    operationId: 'deleteCustomer',
    summary: 'Delete a customer without jobs',
    tag,
    action: 'customers.delete',
    request: { params },
    responses: { 204: { description: 'It is gone.' } },
    errors: ['not-found', 'in-use', 'precondition-failed'],
    async handle(request) {
      const { id } = request.params;
      request.authorize(id);
      const { customers, audit } = parts();
      const { doc, version } = await customers.delete(id, ifMatchOf(request));
      await audit.write({
        principal: request.principal,
        customer: id,
        action: 'customers.delete',
        subject: `customers/${id}`,
        since: doc.createdAt,
        version,
      });
      return { status: 204 };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/customers/:id/services',
    operationId: 'listCustomerServices',
    summary: 'List the services that a customer may run',
    tag,
    action: 'services.read',
    request: { params, query: lists.customerServices.query },
    responses: { 200: { description: 'A page of services.', schema: page(service) } },
    errors: ['not-found'],
    async handle(request) {
      const { id } = request.params;
      request.authorize(id);
      const { customers, serviceDocuments, surroundings } = parts();
      const { services } = (await customers.get(id)).doc;
      const { query, principal, url } = request;
      return lists.customerServices.answer({
        codec: surroundings.cursors,
        collection: serviceDocuments,
        list: `customers/${id}/services`,
        ...{ query, principal, url },
        ...(services === null ? {} : { within: { op: 'in' as const, field: 'name', values: services } }),
        show: (rows) => rows.map(serviceView),
      });
    },
  }),
];
