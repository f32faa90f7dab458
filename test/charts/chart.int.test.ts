import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { platformParts } from '@simfleet/all-in-one';
import { checkConfiguration, processOptions } from '@simfleet/runtime';
import { startControlPlane } from '@simfleet/testing';
import type { TestControlPlane } from '@simfleet/testing';
import { operatorParts } from '../../operator/src/index.ts';
import { chart, chartMissing, find, helm, lint, namespace, objectsOf, template, valueSets, valuesOf } from './helm.ts';
import type { Manifest, PodTemplate } from './helm.ts';

const skip = chartMissing();
const monitors = fileURLToPath(new URL('service-monitor-crd.yaml', import.meta.url));

/** Sets beside those of users: what they leave out. */
const variants: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(valueSets.map((set) => [set, ['--values', valuesOf(set)]])),
  'MongoDB, nothing encrypted': ['--set', 'database.kind=mongodb,tls.enabled=false'],
  'MongoDB, encrypted, without an operator': ['--set', 'database.kind=mongodb,operator.enabled=false'],
  'without WebSockets': ['--set', 'platform.sockets.enabled=false,ingress.enabled=true,ingress.host=api.example.com'],
  'limits on a Redis': [
    ...['--set', 'platform.rateLimits.url=rediss://user:word@limits:6379,platform.replicas=3'],
    ...['--set', 'platform.rateLimits.trustedProxies={10.0.0.0/8,loopback}'],
  ],
  'without limits': ['--set', 'platform.rateLimits.enabled=false'],
  'MongoDB and NATS by URL': [
    ...['--set', 'database.kind=mongodb,database.enabled=false,database.url=mongodb://user:word@db/simfleet?tls=true'],
    ...['--set', 'nats.enabled=false,nats.url=tls://user:word@bus:4222,nats.monitorUrl=http://bus:8222'],
    ...['--set', 'serviceMonitor.enabled=true,tls.names={api.example.com,10.0.0.7}'],
  ],
};

describe('the chart', { skip, timeout: 180_000 }, () => {
  let plane: TestControlPlane;
  const ends: (() => Promise<void>)[] = [];
  before(async () => {
    const owner = { after: (end: () => Promise<void>) => void ends.push(end) };
    plane = await startControlPlane(owner, { manifests: [join(chart, 'crds'), monitors] });
    // Beside those of jobs the one that `helm test` makes first: a dry run makes none.
    for (const name of [namespace, 'team-a', 'team-b', 'sim-helm-test'])
      await plane.kubectl(['create', 'namespace', name]);
    await plane.kubectl(['create', 'priorityclass', 'simfleet', '--value=1000']);
    await plane.kubectl(['create', 'namespace', 'guarded']);
    await plane.kubectl(['label', 'namespace', 'guarded', 'pod-security.kubernetes.io/enforce=restricted']);
  });
  after(async () => {
    for (const end of ends.reverse()) await end();
  });

  for (const [name, values] of Object.entries(variants)) {
    test(`${name}: is accepted by the API server, object for object`, async () => {
      await lint(values);
      const manifests = await template(values);
      const accepted = await plane.kubectl(['apply', '--dry-run=server', '-o', 'name', '-f', '-'], manifests);
      assert.equal(accepted.trim().split('\n').length, (await objectsOf(plane, manifests)).length);
    });

    test(`${name}: its pods satisfy restricted Pod Security`, async () => {
      const pods = podsOf(await objectsOf(plane, await template(values)));
      assert.ok(pods.length >= 2, `${pods.length} pods`);
      for (const pod of pods) assert.equal(await refusal(plane, pod), null, JSON.stringify(pod.metadata));
    });

    test(`${name}: its options are options`, async () => {
      const objects = await objectsOf(plane, await template(values));
      assert.deepEqual(mistakesIn(objects, 'simfleet-platform', platformParts), []);
      if (!values.join().includes('operator.enabled=false'))
        assert.deepEqual(mistakesIn(objects, 'simfleet-operator', operatorParts), []);
    });

    test(`${name}: no secret is in an argument, a variable or a ConfigMap`, async () => {
      const objects = await objectsOf(plane, await template([...values, '--set-string', 'logLevel=warn']));
      const secrets = objects
        .filter(({ kind }) => kind === 'Secret')
        .flatMap((secret) => [
          ...Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
          ...Object.entries((secret as { stringData?: Readonly<Record<string, string>> }).stringData ?? {}),
        ])
        .filter(([key]) => key !== 'tls.crt');
      const rest = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
      if (values.join().includes('production')) assert.deepEqual(secrets.map(([key]) => key).sort(), ['tls.key']);
      for (const [key = '', value = ''] of secrets)
        assert.ok(!rest.includes(JSON.stringify(value.trim()).slice(1, -1)), key);
    });
  }

  test('pods on the network of their node are refused where Pod Security is restricted', async () => {
    const pods = podsOf(await objectsOf(plane, await template(['--set', 'hostNetwork=true'])));
    for (const pod of pods) assert.match((await refusal(plane, pod)) ?? '', /restricted.*host namespaces/s);
  });

  test('what Helm knows of ServiceMonitors decides unless the values do', async () => {
    const count = async (...args: readonly string[]): Promise<number> =>
      (await template(args)).split('kind: ServiceMonitor\n').length - 1;
    assert.equal(await count(), 0);
    assert.equal(await count('--api-versions', 'monitoring.coreos.com/v1'), 2);
    assert.equal(await count('--api-versions', 'monitoring.coreos.com/v1', '--set', 'serviceMonitor.enabled=false'), 0);
    assert.equal(await count('--set', 'serviceMonitor.enabled=true'), 2);
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ['platfrom.replicas=2', /additional properties 'platfrom' not allowed/],
    ['platform.replicas=0', /platform\/replicas.*minimum: got 0, want 1/s],
    ['platform.drainSeconds=90', /platform\/drainSeconds.*maximum: got 90, want 60/s],
    ['image.digest=latest', /image\/digest.*does not match pattern/s],
    ['database.kind=mysql', /database\/kind.*must be one of 'postgresql', 'mongodb'/s],
    ['nats.url=http://bus', /nats\/url.*does not match pattern/s],
    ['operator.namespaces={Team_A}', /operator\/namespaces\/0.*does not match pattern/s],
    ['database.persistence.size=big', /database\/persistence\/size.*does not match pattern/s],
    ['nats.enabled=false', /nats: with enabled: false give the url of a NATS server, or existingSecret/],
    ['nats.url=tls://bus', /nats: url and existingSecret are for a server elsewhere: set nats.enabled: false/],
    ['database.enabled=false', /database: with enabled: false give the url of a database/],
    ['database.enabled=false,database.url=mongodb://db/x', /database: url does not fit kind: postgresql/],
    ['database.existingSecret=x', /database: url and existingSecret are for a server elsewhere/],
    ['platform.autoscaling.enabled=true,platform.autoscaling.minReplicas=9', /minReplicas is above maxReplicas/],
    ['fullnameOverride=Upper', /fullnameOverride.*does not match pattern/s],
    ['nameOverride=a_b', /nameOverride.*does not match pattern/s],
    ['ingress.host=https://api', /ingress\/host.*does not match pattern/s],
    ['tls.names={a b}', /tls\/names\/0.*does not match pattern/s],
    ['ingress.enabled=true', /ingress: give the host/],
    ['tls.enabled=false,tls.existingSecret=x', /tls: existingSecret is without effect/],
    ['platform.url=http://api', /platform.url must begin with https/],
    ['platform.sockets.port=8080', /platform.sockets: port is that of the API/],
    ['platform.options.port=1', /platform.options: port is the chart's own/],
    ['operator.options.bus-file=x', /operator.options: bus-file is the chart's own/],
  ];
  for (const [set, message] of refused)
    test(`--set ${set} is refused`, () => assert.rejects(template(['--set', set]), message));

  test('a server is given every file that its arguments name, and MongoDB whom to trust', async () => {
    for (const kind of ['mongodb', 'postgresql']) {
      const server = find(
        await objectsOf(plane, await template(['--set', `database.kind=${kind}`])),
        'StatefulSet',
        `simfleet-${kind}`,
      );
      const { args, files } = given(server);
      const named = args.flatMap((arg) => /=(\/etc\/.*)$/.exec(arg)?.[1] ?? []);
      assert.ok(named.length >= 2);
      assert.deepEqual(
        named.filter((file) => !files.includes(file)),
        [],
      );
      // It does not start with a certificate and nobody to trust; and with somebody, it wants certificates of its clients, which have none.
      if (kind !== 'mongodb') continue;
      for (const arg of ['--tlsCAFile=/etc/mongodb/secrets/ca.crt', '--tlsAllowConnectionsWithoutCertificates'])
        assert.ok(args.includes(arg), arg);
      const secrets = JSON.stringify(server.spec?.template?.spec['volumes']);
      assert.doesNotMatch(secrets, /simfleet-authority[^\]]*tls\.key/);
    }
  });

  test('Prometheus finds the name that it expects in the certificate of the API, and who signed it', async () => {
    const endpoint = async (...args: readonly string[]) => {
      const objects = await objectsOf(plane, await template(['--set', 'serviceMonitor.enabled=true', ...args]));
      const { endpoints } = find(objects, 'ServiceMonitor', 'simfleet-platform').spec as {
        readonly endpoints: readonly [{ readonly tlsConfig: { readonly ca?: object; readonly serverName: string } }];
      };
      return { objects, ...endpoints[0].tlsConfig };
    };
    const { objects, ca, serverName } = await endpoint();
    const pem = (name: string): string => find(objects, 'Secret', name).data?.['tls.crt'] ?? '';
    const certificate = new X509Certificate(Buffer.from(pem('simfleet-platform-tls'), 'base64'));
    assert.ok(certificate.checkHost(serverName) !== undefined, serverName);
    assert.deepEqual(ca, { configMap: { name: 'simfleet-trust', key: 'ca.crt' } });
    // One's own certificate, of a public authority or another one.
    const own = ['--set', 'tls.existingSecret=own,serviceMonitor.serverName=api.example.com'];
    assert.equal((await endpoint(...own)).serverName, 'api.example.com');
    assert.equal((await endpoint(...own)).ca, undefined);
    assert.deepEqual((await endpoint(...own, '--set', 'tls.trust=PEM')).ca, ca);
  });

  test('what lies elsewhere is reached through the NetworkPolicy, by the ports that its URLs have as they come', async () => {
    const set = [
      ...['nats.enabled=false,nats.url=tls://bus', 'database.enabled=false,database.url=postgres://db/simfleet'],
      'platform.rateLimits.url=rediss+sentinel://user:word@sentinel/limits',
    ].join();
    const objects = await objectsOf(plane, await template(['--set', set]));
    const policy = JSON.stringify(find(objects, 'NetworkPolicy', 'simfleet-platform').spec?.['egress']);
    for (const port of [4222, 5432, 26379]) assert.match(policy, new RegExp(`"port":${port}[,}]`));
  });

  test('WebSockets have a port of their own from the ingress to the container, unless they are off', async () => {
    const ports = async (enabled: boolean): Promise<readonly unknown[]> => {
      const set = `ingress.enabled=true,ingress.host=api.example.com,platform.sockets.enabled=${enabled}`;
      const objects = await objectsOf(plane, await template(['--set', set]));
      const [kinds, name] = [['Ingress', 'Service', 'Deployment', 'NetworkPolicy'], 'simfleet-platform'];
      const texts = kinds.map((kind) => JSON.stringify(find(objects, kind, name).spec));
      return texts.map((text) => /"(?:name|port)":"sockets"|"path":"\/v1\/socket"/.test(text));
    };
    assert.deepEqual(await ports(true), [true, true, true, true]);
    assert.deepEqual(await ports(false), [false, false, false, false]);
  });

  test('a second release beside the first one shares no name with it', async () => {
    const args = ['template', 'other', chart, '--namespace', namespace, '--kube-version', '1.36.3'];
    const names = (objects: readonly Manifest[]): Set<string> =>
      new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`));
    const ours = names(await objectsOf(plane, await template()));
    const theirs = names(await objectsOf(plane, await helm(args)));
    // The namespace of the test is made and removed within it.
    assert.deepEqual(
      [...ours].filter((name) => theirs.has(name)),
      ['Namespace undefined sim-helm-test'],
    );
  });
});

/** Arguments of a server's only container, and the paths of the files of Secrets in it. */
const given = ({ spec }: Manifest): { readonly args: readonly string[]; readonly files: readonly string[] } => {
  const { containers, volumes } = spec?.template?.spec as unknown as {
    readonly containers: readonly [
      {
        readonly args: readonly string[];
        readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
      },
    ];
    readonly volumes: readonly {
      readonly name: string;
      readonly projected?: {
        readonly sources: readonly { readonly secret: { readonly items: readonly { readonly path: string }[] } }[];
      };
    }[];
  };
  const [{ args, volumeMounts }] = containers;
  const files = volumeMounts.flatMap(({ name, mountPath }) => {
    const sources = volumes.find((volume) => volume.name === name)?.projected?.sources ?? [];
    return sources.flatMap(({ secret }) => secret.items.map(({ path }) => `${mountPath}/${path}`));
  });
  return { args, files };
};

/** Every pod of the manifests, by the template that it is made from. */
const podsOf = (objects: readonly Manifest[]): readonly Manifest[] =>
  objects.flatMap((object): readonly Manifest[] => {
    const pod: PodTemplate | undefined =
      object.kind === 'Pod' ? { spec: object.spec ?? {} } : (object.spec?.template ?? undefined);
    if (pod === undefined) return [];
    const metadata = { name: object.metadata.name, ...pod.metadata };
    return [{ apiVersion: 'v1', kind: 'Pod', metadata, spec: withClaims(object, pod.spec) }];
  });

/** As the controller of StatefulSets adds the volumes of claims. */
const withClaims = ({ spec }: Manifest, pod: PodTemplate['spec']): PodTemplate['spec'] => {
  const claims = (spec?.['volumeClaimTemplates'] ?? []) as readonly Manifest[];
  const volumes = claims.map(({ metadata: { name } }) => ({ name, persistentVolumeClaim: { claimName: `${name}-0` } }));
  return { ...pod, volumes: [...((pod['volumes'] ?? []) as readonly object[]), ...volumes] };
};

/** What the API server says against a pod in a namespace that enforces `restricted`; null when it takes it. */
const refusal = async (plane: TestControlPlane, pod: Manifest): Promise<string | null> => {
  const { status, body } = await plane.api.send('POST', '/api/v1/namespaces/guarded/pods?dryRun=All', pod);
  return status === 201 ? null : (body as { readonly message: string }).message;
};

/** What the process would say to its options; files of secrets are there in the pod. */
const mistakesIn = (
  objects: readonly Manifest[],
  name: string,
  parts: Parameters<typeof checkConfiguration>[0],
): readonly unknown[] => {
  const text = find(objects, 'ConfigMap', name).data?.['options.yaml'] ?? '';
  const readFile = (path: string): string => (path === 'options.yaml' ? text : 'nats://bus');
  const { errors, loaded } = checkConfiguration(
    { ...parts, process: processOptions },
    { flags: ['--config', 'options.yaml'], readFile },
  );
  return [...errors, ...loaded.warnings];
};
