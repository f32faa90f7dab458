import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  apiVersion,
  customResources,
  jobSpec,
  mutableMembers,
  removableMembers,
  resourceGroup,
  serviceSpec,
  simulationJobStatus,
  simulationServiceStatus,
} from '@simfleet/contracts';
import type { JobSpec } from '@simfleet/contracts';
import { changeSpec } from '@simfleet/domain';
import { controlPlaneMissing, startControlPlane, until } from '@simfleet/testing';
import type { TestControlPlane } from '@simfleet/testing';
import {
  badChanges,
  badJobs,
  badServices,
  changesThatSlip,
  goodChanges,
  goodJobs,
  goodServices,
  soundJob,
  soundService,
  wholeJobStatus,
  wholeServiceStatus,
} from './examples.ts';
import type { Members } from './examples.ts';

const skip = controlPlaneMissing() ?? false;
const crds = 'charts/simfleet/crds';

const jobsPath = `/apis/${apiVersion}/namespaces/default/${customResources.SimulationJob.plural}`;
const servicesPath = `/apis/${apiVersion}/${customResources.SimulationService.plural}`;
/** As `kubectl` asks: unknown members are mistakes. */
const strict = 'fieldValidation=Strict';

const manifest = (kind: string, spec: Members, name = 'case') => ({ apiVersion, kind, metadata: { name }, spec });

/** Merge patch (RFC 7396), as the API server applies it. */
const merged = (before: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof before === 'object' && before !== null ? (before as Members) : {};
  const members = Object.entries({ ...base, ...patch }).map(
    ([key, value]) => [key, key in patch ? merged(base[key], value) : value] as const,
  );
  return Object.fromEntries(members.filter(([, value]) => value !== null));
};

const said = ({ body }: { readonly body: unknown }): string => (body as { readonly message?: string }).message ?? '';

/** An API server that serves both kinds. */
const start = async (t: TestContext): Promise<TestControlPlane> => {
  const plane = await startControlPlane(t, { manifests: [crds] });
  for (const path of [jobsPath, servicesPath])
    await until(`${path} to be served`, async () => (await plane.api.send('GET', path)).status === 200);
  return plane;
};

type Check = (t: TestContext, plane: TestControlPlane) => Promise<void>;

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

const refusesManifests: Check = async (t, plane) => {
  const refusedBy = async (path: string, kind: string, spec: Members): Promise<string> => {
    const answer = await plane.api.send('POST', `${path}?dryRun=All&${strict}`, manifest(kind, spec));
    assert.notEqual(answer.status, 201);
    return said(answer);
  };
  for (const { title, spec, says } of badJobs)
    await t.test(`a job with ${title}`, async () => {
      const whole = { ...soundJob, ...spec };
      assert.match(await refusedBy(jobsPath, 'SimulationJob', whole), says);
      assert.equal(jobSpec.safeParse(plain(whole)).success, false);
    });
  for (const { title, spec, says } of badServices)
    await t.test(`a service with ${title}`, async () => {
      const whole = { ...soundService, ...spec };
      assert.match(await refusedBy(servicesPath, 'SimulationService', whole), says);
      assert.equal(serviceSpec.safeParse(plain(whole)).success, false);
    });
  for (const name of ['a.b', 'a'.repeat(64)])
    await t.test(`a job named ${name}`, async () => {
      const object = manifest('SimulationJob', soundJob, name);
      const answer = await plane.api.send('POST', `${jobsPath}?dryRun=All`, object);
      assert.match(said(answer), /metadata\.name must be at most 63/);
    });
};

const takesManifests: Check = async (t, plane) => {
  const completed = async (path: string, kind: string, spec: Members): Promise<unknown> => {
    const answer = await plane.api.send('POST', `${path}?dryRun=All&${strict}`, manifest(kind, spec));
    assert.equal(answer.status, 201, said(answer));
    return (answer.body as { readonly spec: unknown }).spec;
  };
  for (const { title, spec } of goodJobs)
    await t.test(`a job with ${title}`, async () => {
      const whole = { ...soundJob, ...spec };
      assert.deepEqual(plain(jobSpec.parse(plain(whole))), await completed(jobsPath, 'SimulationJob', whole));
    });
  for (const { title, spec } of goodServices)
    await t.test(`a service with ${title}`, async () => {
      const whole = { ...soundService, ...spec };
      const theirs = await completed(servicesPath, 'SimulationService', whole);
      assert.deepEqual(plain(serviceSpec.parse(plain(whole))), plain(serviceSpec.parse(theirs)));
    });
};

const refusesChanges: Check = async (t, plane) => {
  let number = 0;
  const changed = async (before: Members, patch: Members) => {
    const name = `job-${(number += 1)}`;
    await plane.api.create(jobsPath, manifest('SimulationJob', { ...soundJob, ...before }, name));
    const path = `${jobsPath}/${name}?dryRun=All&${strict}`;
    return plane.api.send('PATCH', path, { spec: patch }, 'application/merge-patch+json');
  };
  /** What the platform allows: see `ChangeJob`. */
  const isAllowed = (before: Members, patch: Members): boolean => {
    const old = jobSpec.parse(plain({ ...soundJob, ...before }));
    const next = jobSpec.parse(merged(plain(old), patch));
    const members = (Object.keys(jobSpec.shape) as (keyof JobSpec)[]).filter(
      (member) => JSON.stringify(old[member]) !== JSON.stringify(next[member]),
    );
    const isFixed = (member: keyof JobSpec): boolean =>
      !(mutableMembers as readonly string[]).includes(member) ||
      (next[member] === undefined && !(removableMembers as readonly string[]).includes(member));
    if (members.some(isFixed) || (old.cancelled && !next.cancelled)) return false;
    try {
      const { maxPaths, precision } = next;
      changeSpec(old, {
        ...(maxPaths === undefined || maxPaths === old.maxPaths ? {} : { maxPaths }),
        ...(precision === undefined ? {} : { precision }),
      });
      return true;
    } catch {
      return false;
    }
  };
  for (const { title, before, patch, says } of badChanges)
    await t.test(`not: ${title}`, async () => {
      const answer = await changed(before, patch);
      assert.equal(answer.status, 422, said(answer));
      assert.match(said(answer), says);
      assert.equal(isAllowed(before, patch), false);
    });
  for (const { title, before, patch } of changesThatSlip)
    await t.test(`the platform alone: ${title}`, async () => {
      assert.equal((await changed(before, patch)).status, 200);
      assert.equal(isAllowed(before, patch), false);
    });
  for (const { title, before, patch } of goodChanges)
    await t.test(title, async () => {
      const answer = await changed(before, patch);
      assert.equal(answer.status, 200, said(answer));
      assert.equal(isAllowed(before, patch), true);
    });
};

const keepsStatus: Check = async (_t, plane) => {
  const status = simulationJobStatus.parse(wholeJobStatus);
  await plane.api.create(jobsPath, { ...manifest('SimulationJob', soundJob, 'shown'), status });
  const kubectl = (...words: readonly string[]): Promise<string> => plane.kubectl(['get', ...words]);
  assert.doesNotMatch(await kubectl('simjob', 'shown'), /42/, 'a creation brings no status');
  await plane.api.patch(`${jobsPath}/shown/status`, { status });
  const [heads = '', row = ''] = (await kubectl('simjobs', 'shown')).split('\n');
  assert.deepEqual(
    heads.split(/ {2,}/).map((each) => each.trim()),
    ['NAME', 'STATE', 'PROGRESS', 'VALUE', '±', 'ETA', 'AGE'],
  );
  assert.match(row, /^shown +Running +42 % +0\.54312 +0\.0012 +3m20s +\d+s$/);
  const kept = (await plane.api.get(`${jobsPath}/shown`)) as { readonly status: unknown };
  assert.deepEqual(kept.status, status);
  for (const wrong of [
    { value: 0.5 },
    { resultDigest: 'short' },
    { state: 'Broken' },
    { conditions: [{ type: 'Other' }] },
  ]) {
    const answer = await plane.api.send(
      'PATCH',
      `${jobsPath}/shown/status`,
      { status: wrong },
      'application/merge-patch+json',
    );
    assert.equal(answer.status, 422, JSON.stringify(wrong));
  }
  await plane.api.create(servicesPath, manifest('SimulationService', soundService, 'mine'));
  const published = simulationServiceStatus.parse(wholeServiceStatus);
  await plane.api.patch(`${servicesPath}/mine/status`, { status: published });
  assert.deepEqual(((await plane.api.get(`${servicesPath}/mine`)) as { readonly status: unknown }).status, published);
  assert.match(await kubectl('simsvc'), /mine +asian-option +2 +True/);
  assert.match(
    await kubectl('simfleet', '-A'),
    /simulationjob\.simfleet\.dev\/shown[^]*simulationservice\.simfleet\.dev\/mine/,
  );
  assert.match(await plane.kubectl(['explain', 'simjob.spec.seed']), /the same seed gives the same digest/);
};

/** Paths of the members that a schema has, and that a value has. */
const schemaPaths = (schema: Members, path: string): readonly string[] => {
  const below = (Object.entries(schema['properties'] ?? {}) as [string, Members][]).flatMap(([name, member]) => [
    `${path}.${name}`,
    ...schemaPaths(member, `${path}.${name}`),
  ]);
  return [...below, ...(schema['items'] === undefined ? [] : schemaPaths(schema['items'] as Members, path))];
};
const valuePaths = (value: unknown, path: string): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => valuePaths(item, path));
  return Object.entries(value).flatMap(([name, member]) => [
    `${path}.${name}`,
    ...valuePaths(member, `${path}.${name}`),
  ]);
};

const usesEveryMember: Check = async (_t, plane) => {
  for (const [{ plural }, specs, status] of [
    [customResources.SimulationJob, [soundJob, ...goodJobs.map(({ spec }) => spec)], wholeJobStatus],
    [customResources.SimulationService, [soundService, ...goodServices.map(({ spec }) => spec)], wholeServiceStatus],
  ] as const) {
    const crd = (await plane.api.get(
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${resourceGroup}`,
    )) as {
      readonly spec: { readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Members } }] };
    };
    const { spec, status: shape } = crd.spec.versions[0].schema.openAPIV3Schema['properties'] as Record<
      string,
      Members
    >;
    const used = new Set([...specs.flatMap((each) => valuePaths(each, 'spec')), ...valuePaths(status, 'status')]);
    const members = [...schemaPaths(spec ?? {}, 'spec'), ...schemaPaths(shape ?? {}, 'status')];
    assert.ok(members.length > 10);
    assert.deepEqual(
      members.filter((path) => !used.has(path)),
      [],
    );
  }
};

test('custom resources on an API server', { skip }, async (t) => {
  const plane = await start(t);
  await t.test('the API server and the shapes refuse the same manifests, each with its message', (t) =>
    refusesManifests(t, plane),
  );
  await t.test('the API server and the shapes take the same manifests and complete them alike', (t) =>
    takesManifests(t, plane),
  );
  await t.test('the API server and the platform refuse the same changes, each with its message', (t) =>
    refusesChanges(t, plane),
  );
  await t.test('the examples here use every member of both schemas', (t) => usesEveryMember(t, plane));
  await t.test('the status is written by itself, with bounds, and shown in columns', (t) => keepsStatus(t, plane));
});
