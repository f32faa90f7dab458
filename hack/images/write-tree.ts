// Writes the tree of an image into a folder, which the Dockerfile copies: node hack/images/write-tree.ts --image runner --out /tree
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { images, treeOf } from './trees.ts';
import type { ImageName } from './trees.ts';

const { values } = parseArgs({ options: { image: { type: 'string' }, out: { type: 'string' } } });
if (values.image === undefined || !(values.image in images) || values.out === undefined) {
  console.error(`usage: node hack/images/write-tree.ts --image ${Object.keys(images).join('|')} --out folder`);
  process.exit(2);
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = resolve(values.out);
const tree = treeOf(resolve(root), values.image as ImageName);
for (const entry of tree) {
  const target = join(folder, entry.path);
  mkdirSync('directory' in entry ? target : dirname(target), { recursive: true });
  if ('source' in entry) copyFileSync(entry.source, target);
  else if ('pieces' in entry) writeFileSync(target, Buffer.concat(entry.pieces));
  else if ('link' in entry) symlinkSync(entry.link, target);
}
console.log(`${tree.length} files in ${folder}`);
