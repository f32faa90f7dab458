import { createRateLimitPolicy, page, patchRateLimitPolicy, rateLimitPolicy } from '@simfleet/contracts';
import { defineRoute } from '@simfleet/http';
import type { Answer, RequestContext, Route } from '@simfleet/http';
import { z } from 'zod';
import type { Parts } from '../assemble.ts';
import { notDeleted, policyView } from '../limits/policy-document.ts';
import type { StoredPolicy } from '../limits/policy-document.ts';
import { platformCustomer } from '../services/service-document.ts';
import type { Lists } from './lists.ts';
import { answerRecord, ifMatchOf } from './visible.ts';

const tag = 'rate limits';
const params = z.object({ name: z.string() });
const one = { description: 'The policy.', schema: rateLimitPolicy };

/** Policies that name no operations do not hold here: an administrator who limited too much must be able to mend it. */
const limited = false;

/** CRUD of the limits, for administrators. A change is in force in the replica that answers, and in the others in moments. */
export const limitRoutes = (parts: () => Parts, lists: Lists): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/v1/rate-limit-policies',
    operationId: 'createRateLimitPolicy',
    summary: 'Create a rate limit policy',
    description:
      'In force at once, without a restart. With `shadow` it is counted, told in metrics, and refuses nothing.',
    ...{ tag, limited, action: 'rate-limit-policies.create' },
    request: { body: createRateLimitPolicy },
    responses: { 201: one },
    errors: ['already-exists'],
    async handle(request) {
      request.authorize(platformCustomer);
      const stored = await parts().policies.create(request.body);
      return told(parts(), request, 'create', stored, 201);
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/rate-limit-policies',
    operationId: 'listRateLimitPolicies',
    summary: 'List rate limit policies',
    ...{ tag, limited, action: 'rate-limit-policies.read' },
    request: { query: lists.policies.query },
    responses: { 200: { description: 'A page of policies.', schema: page(rateLimitPolicy) } },
    async handle({ query, principal, url, authorize }) {
      authorize(platformCustomer);
      const { policyDocuments, surroundings } = parts();
      return lists.policies.answer({
        codec: surroundings.cursors,
        collection: policyDocuments,
        ...{ query, principal, url },
        filter: notDeleted,
        show: (rows) => rows.map(policyView),
      });
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/rate-limit-policies/:name',
    operationId: 'getRateLimitPolicy',
    summary: 'Read a rate limit policy',
    ...{ tag, limited, action: 'rate-limit-policies.read' },
    request: { params },
    responses: { 200: one },
    errors: ['not-found'],
    async handle({ params: { name }, authorize }) {
      authorize(platformCustomer);
      const stored = await parts().policies.get(name);
      return answerRecord(200, stored, policyView(stored));
    },
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/rate-limit-policies/:name',
    operationId: 'changeRateLimitPolicy',
    summary: 'Change a rate limit policy by JSON merge patch',
    description: 'What was counted goes on counting, unless the algorithm changes.',
    ...{ tag, limited, action: 'rate-limit-policies.change' },
    request: { params, body: patchRateLimitPolicy },
    alsoAccepts: ['application/merge-patch+json'],
    responses: { 200: one },
    errors: ['not-found', 'precondition-failed', 'version-conflict'],
    async handle(request) {
      request.authorize(platformCustomer);
      const { name } = request.params;
      const stored = await parts().policies.change(name, request.body, ifMatchOf(request));
      return told(parts(), request, 'change', stored, 200);
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/v1/rate-limit-policies/:name',
    operationId: 'deleteRateLimitPolicy',
    summary: 'Delete a rate limit policy, a shipped one for good',
    ...{ tag, limited, action: 'rate-limit-policies.delete' },
    request: { params },
    responses: { 204: { description: 'It is gone.' } },
    errors: ['not-found', 'precondition-failed'],
    async handle(request) {
      request.authorize(platformCustomer);
      const stored = await parts().policies.delete(request.params.name, ifMatchOf(request));
      await told(parts(), request, 'delete', stored, 204);
      return { status: 204 };
    },
  }),
];

const told = async (
  { audit, followPolicies }: Parts,
  { principal }: RequestContext,
  verb: 'create' | 'change' | 'delete',
  stored: StoredPolicy,
  status: number,
): Promise<Answer> => {
  await followPolicies.policiesChanged();
  const { id, version, doc } = stored;
  const subject = `rate-limit-policies/${id}`;
  const action = `rate-limit-policies.${verb}`;
  await audit.write({ principal, customer: platformCustomer, action, subject, since: doc.createdAt, version });
  return answerRecord(status, stored, policyView(stored), status === 201 ? { location: `/v1/${subject}` } : {});
};
