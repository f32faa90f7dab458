// Makes the images without Docker, from the same trees as the Dockerfile's, on Linux:
//   node hack/images/build.ts --tag dev --out images.tar [--image platform]… [--repository docker.io/simfleet]
// and prints name, digest and size of each as a line of JSON. Import it by `ctr -n k8s.io images import images.tar` or `docker load -i images.tar`.
import { closeSync, openSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { baseTree, user } from './base-tree.ts';
import { archiveOf } from './image-archive.ts';
import type { ImagePlan } from './image-archive.ts';
import { application, images, treeOf } from './trees.ts';
import type { Entry, ImageName } from './trees.ts';

const { values } = parseArgs({
  options: {
    image: { type: 'string', multiple: true, default: Object.keys(images) },
    repository: { type: 'string', default: 'docker.io/simfleet' },
    tag: { type: 'string' },
    out: { type: 'string' },
  },
});
const { tag, out, image: names } = values;
if (tag === undefined || out === undefined || !names.every((name) => name in images)) {
  const usage = '--tag tag --out file [--repository docker.io/simfleet] [--image name]…';
  console.error(`usage: node hack/images/build.ts ${usage}; images: ${Object.keys(images).join(', ')}`);
  process.exit(2);
}

const root = resolve(fileURLToPath(new URL('../../', import.meta.url)));
const base = baseTree(process.execPath);

const within = (entries: readonly Entry[]): readonly Entry[] =>
  entries.map((entry) => ({ ...entry, path: join(application, entry.path) }));

const planOf = (name: ImageName): ImagePlan => ({
  name: `${values.repository}/${name}:${tag}`,
  config: {
    User: `${user}:${user}`,
    WorkingDir: `/${application}`,
    Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'NODE_ENV=production'],
    Entrypoint: ['/usr/local/bin/node', ...images[name].command],
    StopSignal: 'SIGTERM',
  },
  labels: {
    'org.opencontainers.image.description': images[name].description,
    'org.opencontainers.image.licenses': 'Apache-2.0',
  },
  layers: [base, within(treeOf(root, name))],
});

const archive = archiveOf(
  names.map((name) => planOf(name as ImageName)),
  process.arch,
);
const file = openSync(out, 'w');
for (const piece of archive.pieces) for (let at = 0; at < piece.length;) at += writeSync(file, piece, at);
closeSync(file);
for (const image of archive.images) console.log(JSON.stringify(image));
