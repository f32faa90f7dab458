import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { createJob, job, page } from '@simfleet/contracts';
import { z } from 'zod';
import { defineList, defineRoute, describeApi, repeated } from '../src/index.ts';

const answer = () => Promise.resolve({ status: 200 });
const namesCollection = { name: 'jobs', fields: { name: { path: ['name'], type: 'text' } }, sorts: ['name'] } as const;
const jobsList = defineList({
  list: 'jobs',
  collection: namesCollection,
  sorts: ['name'],
  fallback: 'name',
  filters: { label: repeated(z.string()) },
});
const routes = [
  defineRoute({
    method: 'get',
    path: '/v1/jobs',
    operationId: 'listJobs',
    tag: 'jobs',
    summary: 'Jobs',
    action: 'jobs.read',
    request: { query: jobsList.query },
    responses: { 200: { description: 'A page.', schema: page(job) } },
    handle: answer,
  }),
  defineRoute({
    method: 'post',
    path: '/v1/jobs',
    operationId: 'createJob',
    tag: 'jobs',
    summary: 'Create',
    action: 'jobs.create',
    request: { body: createJob },
    responses: { 201: { description: 'Created.', schema: job } },
    errors: ['already-exists', 'not-found'],
    handle: answer,
  }),
  defineRoute({
    method: 'post',
    path: '/v1/jobs/:id\\:suspend',
    operationId: 'suspendJob',
    tag: 'jobs',
    summary: 'Suspend',
    action: 'jobs.suspend',
    request: { headers: z.object({ 'x-reason': z.string().optional().describe('Why.') }) },
    responses: { 200: { description: 'Suspended.', schema: job } },
    handle: answer,
  }),
  defineRoute({
    method: 'post',
    path: '/v1/jobs/:id/reports',
    operationId: 'report',
    tag: 'reports',
    summary: 'Report',
    action: 'jobs.report',
    authentication: 'job',
    request: { params: z.strictObject({ id: z.string() }) },
    responses: { 200: { description: 'Steering.' } },
    handle: answer,
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/jobs/:id',
    operationId: 'patchJob',
    tag: 'jobs',
    summary: 'Change',
    action: 'jobs.change',
    alsoAccepts: ['application/merge-patch+json'],
    request: { body: z.strictObject({ shards: z.int() }).optional() },
    responses: { 200: { description: 'Changed.' } },
    handle: answer,
  }),
];

type Any = Readonly<Record<string, unknown>>;
const api = describeApi(routes, { title: 'Simfleet', version: '1.0.0', description: 'Text.' });
const at = (...path: string[]): unknown => path.reduce<unknown>((node, step) => (node as Any)[step], api);

test('the description is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(api));
  assert.ok(valid, JSON.stringify(errors, null, 1));
  assert.equal(validator.version, '3.1');
});

test('paths are written as OpenAPI writes them, custom verbs too', () => {
  assert.deepEqual(Object.keys(at('paths') as Any), [
    '/v1/jobs',
    '/v1/jobs/{id}:suspend',
    '/v1/jobs/{id}/reports',
    '/v1/jobs/{id}',
  ]);
});

test('parameters of path, query and header are described, the path’s even without a shape', () => {
  const names = (path: string, method: string): readonly string[] =>
    (at('paths', path, method, 'parameters') as readonly Any[]).map(
      (each) => `${String(each.in)} ${String(each.name)}`,
    );
  assert.deepEqual(names('/v1/jobs/{id}:suspend', 'post'), ['path id', 'header x-reason', 'header Idempotency-Key']);
  const ofLists = ['limit', 'cursor', 'page', 'pageSize', 'total', 'sort', 'label'].map((name) => `query ${name}`);
  assert.deepEqual(names('/v1/jobs', 'get'), ofLists);
  assert.deepEqual(names('/v1/jobs/{id}/reports', 'post'), ['path id']);
});

test('each answer of the layer and of the route is there by status', () => {
  assert.deepEqual(Object.keys(at('paths', '/v1/jobs', 'post', 'responses') as Any), [
    ...['201', '400', '401', '403', '404', '409', '413', '415', '422', '429', '500', '503'],
  ]);
  assert.match(String(at('paths', '/v1/jobs', 'post', 'responses', '409', 'description')), /already-exists/);
});

test('lists tell of their links, and of cursors that do not fit', () => {
  assert.match(String(at('paths', '/v1/jobs', 'get', 'responses', '400', 'description')), /invalid-cursor/);
  assert.deepEqual(Object.keys(at('paths', '/v1/jobs', 'get', 'responses', '200', 'headers') as Any), ['Link']);
  assert.equal(at('paths', '/v1/jobs', 'post', 'responses', '201', 'headers'), undefined);
});

test('a body is required unless its shape takes none, and every media type is listed', () => {
  assert.equal(at('paths', '/v1/jobs', 'post', 'requestBody', 'required'), true);
  assert.equal(at('paths', '/v1/jobs/{id}', 'patch', 'requestBody', 'required'), false);
  assert.deepEqual(Object.keys(at('paths', '/v1/jobs/{id}', 'patch', 'requestBody', 'content') as Any), [
    'application/json',
    'application/merge-patch+json',
  ]);
});

test('reports need the token of their job, everything else that of a person', () => {
  assert.deepEqual(at('paths', '/v1/jobs/{id}/reports', 'post', 'security'), [{ jobToken: [] }]);
  assert.deepEqual(at('paths', '/v1/jobs', 'get', 'security'), [{ token: [] }]);
});
