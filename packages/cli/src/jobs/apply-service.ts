import { isDeepStrictEqual } from 'node:util';
import { errorCode } from '@simfleet/contracts';
import type { Service } from '@simfleet/contracts';
import type { Client } from '../connection/client.ts';
import { relocated } from '../manifests/index.ts';
import type { Manifest } from '../manifests/index.ts';
import type { Outcome } from './apply-job.ts';

type ServiceManifest = Extract<Manifest, { kind: 'SimulationService' }>;

const existing = async (client: Client, name: string) => {
  try {
    return await client.request<Service>('GET', `/v1/services/${name}`);
  } catch (error) {
    if (errorCode(error) === 'not-found') return undefined;
    throw error;
  }
};

const apply = async (client: Client, { manifest }: ServiceManifest): Promise<[Service, Outcome]> => {
  const { name, labels } = manifest.metadata;
  const found = await existing(client, name);
  if (found === undefined) {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const body = { name, labels, spec: manifest.spec };
    return [(await client.request<Service>('POST', '/v1/services', { body, headers })).body, 'created'];
  }
  const same = isDeepStrictEqual(found.body.spec, manifest.spec) && isDeepStrictEqual(found.body.labels, labels);
  if (same) return [found.body, 'unchanged'];
  const headers: Record<string, string> = found.etag === null ? {} : { 'if-match': found.etag };
  const body = { labels, spec: manifest.spec };
  return [(await client.request<Service>('PUT', `/v1/services/${name}`, { body, headers })).body, 'changed'];
};

/** Creates the catalogue entry, or makes a new version of it when the manifest says something else. */
export const applyService = async (client: Client, manifest: ServiceManifest): Promise<[Service, Outcome]> => {
  try {
    return await apply(client, manifest);
  } catch (error) {
    throw relocated(error, manifest);
  }
};
