// Brings the CRDs of the cluster to those beside this file, before an upgrade: Helm installs what is in crds/ once and never changes it. Each is
// replaced as a whole, since an apply would keep fields that the first install wrote and the new release has no more. Resources are not touched.
import { readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const account = process.env.SERVICE_ACCOUNT_DIRECTORY ?? '/var/run/secrets/kubernetes.io/serviceaccount';
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
const ca = readFileSync(`${account}/ca.crt`);
const authorization = `Bearer ${readFileSync(`${account}/token`, 'utf8').trim()}`;
const collection = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Answers the status code and the object. Throws when there is no connection. */
const send = (method, path, body) =>
  new Promise((resolve, reject) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const asked = request({ host, port, ca, method, path, headers, timeout: 10_000 }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () =>
        resolve({ status: answer.statusCode, object: JSON.parse(Buffer.concat(pieces).toString()) }),
      );
      answer.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('the Kubernetes API does not answer')));
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });

/** Throws what the API server complains of, unless it is one of the statuses that are expected. */
const expect = ({ status, object }, ...expected) => {
  if (status < 300 || expected.includes(status)) return { status, object };
  throw new Error(`${status} ${object.message}`);
};

const replace = async (wanted) => {
  const { name } = wanted.metadata;
  const path = `${collection}/${name}`;
  const { status, object: there } = expect(await send('GET', path), 404);
  if (status === 404) {
    expect(await send('POST', collection, wanted));
    return console.log(`${name}: made`);
  }
  const annotations = { ...there.metadata.annotations, ...wanted.metadata.annotations };
  const labels = { ...there.metadata.labels, ...wanted.metadata.labels };
  // The version of the object is in its metadata: somebody else's change meanwhile is a conflict, not lost.
  const changed = { ...there, metadata: { ...there.metadata, annotations, labels }, spec: wanted.spec };
  expect(await send('PUT', path, changed));
  console.log(`${name}: replaced`);
};

const established = async (name) => {
  for (let attempt = 0; attempt < 120; attempt += 1) {
    const { object } = expect(await send('GET', `${collection}/${name}`));
    if (object.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) return;
    await sleep(500);
  }
  throw new Error(`${name} is not established after a minute`);
};

const directory = process.argv[2] ?? import.meta.dirname;
const crds = readdirSync(directory)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(`${directory}/${file}`, 'utf8')));
if (crds.length === 0) throw new Error(`there is no CRD in ${directory}`);
for (const crd of crds) await replace(crd);
for (const crd of crds) await established(crd.metadata.name);
