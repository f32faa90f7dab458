import type { Bus } from '@simfleet/bus';
import type { Job, JobResource, Principal, Problem, RequestBody } from '@simfleet/contracts';
import type { Answer, Platform } from './platform.ts';

export const operatorToken = 'operator-token-of-the-tests';
export const operator: Principal = { id: 'operator', kind: 'operator', customers: '*' };

export const aResource = (change: Partial<JobResource> = {}): JobResource => ({
  uid: '6f1c0b1e-9d3c-4f5a-8a53-0c8a5d1b2e01',
  namespace: 'quant',
  name: 'asian-call',
  ...change,
});

/** Requests as the operator of a cluster makes them. */
export const asOperator =
  (platform: Platform) =>
  <Body = Job & Problem>(method: string, path: string, body?: unknown): Promise<Answer<Body>> =>
    platform.call<Body>(method, path, body, { authorization: `Bearer ${operatorToken}` });

type Ask = RequestBody<'operator.patch-resource'>;

/** Answers what the platform asks the operator for, as the operator does: the resource changes, then the job. Answers what it was asked. */
export const answerAsOperator = async (platform: Platform, bus: Bus, jobId: string): Promise<readonly Ask[]> => {
  const asked: Ask[] = [];
  await bus.answer('operator.patch-resource', async (request) => {
    asked.push(request);
    queueMicrotask(() => void asOperator(platform)('PATCH', `/v1/jobs/${jobId}`, { spec: request.patch }));
    return { accepted: true, message: '' };
  });
  return asked;
};
