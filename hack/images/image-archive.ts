import { createHash } from 'node:crypto';
import { tarOf } from './tar.ts';
import type { Entry } from './trees.ts';

/** An image to be put into an archive. */
export interface ImagePlan {
  /** Such as `docker.io/simfleet/runner:dev`. */
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Lowest first. */
  readonly layers: readonly (readonly Entry[])[];
}

export interface BuiltImage {
  readonly name: string;
  /** Of its manifest: what `@sha256:…` in a reference names. */
  readonly digest: string;
  /** Bytes of its layers, not compressed. */
  readonly bytes: number;
}

interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly pieces: readonly Buffer[];
}

const media = (kind: string): string => `application/vnd.oci.image.${kind}`;

/** Nothing in an image tells when it was made: the same tree gives the same digest. */
const created = '1970-01-01T00:00:00Z';
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * An archive of the images that `ctr images import`, `docker load` and whatever else reads an OCI layout or Docker's own format take. Layers that
 * images share are in it once. Each image has two names, by tag and by digest, so that a pod may name it either way.
 */
export const archiveOf = (
  plans: readonly ImagePlan[],
  architecture: string,
): { readonly images: readonly BuiltImage[]; readonly pieces: readonly Buffer[] } => {
  const blobs = new Map<string, Blob>();
  const layers = new Map<readonly Entry[], Blob>();
  const keep = (pieces: readonly Buffer[]): Blob => {
    const blob = blobOf(pieces);
    blobs.set(blob.digest, blob);
    return blob;
  };
  const layerOf = (entries: readonly Entry[]): Blob => {
    const layer = layers.get(entries) ?? keep(tarOf(entries));
    layers.set(entries, layer);
    return layer;
  };

  const built = plans.map((plan) => {
    const own = plan.layers.map(layerOf);
    const config = keep([
      json({
        ...{ created, os: 'linux', architecture: architectures[architecture] ?? architecture },
        config: { ...plan.config, Labels: plan.labels },
        rootfs: { type: 'layers', diff_ids: own.map(({ digest }) => digest) },
        history: own.map(() => ({ created, created_by: 'hack/images' })),
      }),
    ]);
    const manifest = keep([
      json({
        ...{ schemaVersion: 2, mediaType: media('manifest.v1+json') },
        config: descriptor(config, 'config.v1+json'),
        layers: own.map((layer) => descriptor(layer, 'layer.v1.tar')),
      }),
    ]);
    return { name: plan.name, own, config, manifest };
  });

  const pathOf = ({ digest }: Blob): string => `blobs/${digest.replace(':', '/')}`;
  const index = built.flatMap(({ name, manifest }) =>
    [name, `${repositoryOf(name)}@${manifest.digest}`].map((reference) => ({
      ...descriptor(manifest, 'manifest.v1+json'),
      annotations: { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': reference },
    })),
  );
  const forDocker = built.map(({ name, own, config }) => ({
    ...{ Config: pathOf(config), RepoTags: [name.replace(/^docker\.io\//, '')], Layers: own.map(pathOf) },
  }));
  const files = [
    { path: 'oci-layout', pieces: [json({ imageLayoutVersion: '1.0.0' })] },
    { path: 'index.json', pieces: [json({ schemaVersion: 2, mediaType: media('index.v1+json'), manifests: index })] },
    { path: 'manifest.json', pieces: [json(forDocker)] },
    ...[...blobs.values()].map((blob) => ({ path: pathOf(blob), pieces: blob.pieces })),
  ];
  return {
    images: built.map(({ name, own, manifest: { digest } }) => ({
      ...{ name, digest, bytes: own.reduce((sum, { size }) => sum + size, 0) },
    })),
    pieces: tarOf(files.map(({ path, pieces }) => ({ path, mode: 0o644, pieces }))),
  };
};

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const blobOf = (pieces: readonly Buffer[]): Blob => {
  const hash = createHash('sha256');
  pieces.forEach((piece) => hash.update(piece));
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  return { digest: `sha256:${hash.digest('hex')}`, size, pieces };
};

const descriptor = ({ digest, size }: Blob, kind: string) => ({ mediaType: media(kind), digest, size });

const repositoryOf = (name: string): string => name.replace(/:[^:/]*$/, '');
