import { apiVersion, simulationJobManifest, simulationServiceManifest, SimfleetError } from '@simfleet/contracts';
import type { ErrorCode, SimulationJobManifest, SimulationServiceManifest } from '@simfleet/contracts';
import { didYouMean } from '../did-you-mean.ts';
import type { ManifestDocument, Path } from './document.ts';
import { explain } from './explain.ts';
import type { ManifestMistake } from './explain.ts';

/** A manifest that can be sent, and the document that it came from. */
export type Manifest =
  | { readonly kind: 'SimulationJob'; readonly document: ManifestDocument; readonly manifest: SimulationJobManifest }
  | {
      readonly kind: 'SimulationService';
      readonly document: ManifestDocument;
      readonly manifest: SimulationServiceManifest;
    };

const kinds = ['SimulationJob', 'SimulationService'];

/** `spec.precision.confidence`, `spec.thresholds[0].below`. */
export const dotted = (path: Path): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');

/** One line per mistake, `file:line:column: path: what is wrong`, as one error; `code` is `invalid-request` unless given. */
export const mistakesError = (
  document: ManifestDocument,
  mistakes: readonly ManifestMistake[],
  code: ErrorCode = 'invalid-request',
): SimfleetError => {
  const inOrder = mistakes.toSorted((a, b) => document.offsetAt(a.path) - document.offsetAt(b.path));
  const lines = inOrder.map(({ path, detail }) => {
    const place = document.locate(path);
    return path.length === 0 ? `${place}: ${detail}` : `${place}: ${dotted(path)}: ${detail}`;
  });
  return new SimfleetError(code, lines.join('\n'));
};

const kindOf = (document: ManifestDocument): string => {
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw mistakesError(document, [{ path: [], detail: 'must be a map with apiVersion, kind, metadata and spec' }]);
  const kind = 'kind' in value ? value.kind : undefined;
  if (kind === undefined)
    throw mistakesError(document, [
      { path: ['kind'], detail: `is missing: write one of ${kinds.join(', ')} (${apiVersion})` },
    ]);
  if (typeof kind !== 'string' || !kinds.includes(kind))
    throw mistakesError(document, [
      {
        path: ['kind'],
        detail: `must be ${kinds.join(' or ')}${typeof kind === 'string' ? didYouMean(kind, kinds) : ''}`,
      },
    ]);
  return kind;
};

/**
 * Checks a document with the schemas that the platform uses, before anything is sent.
 * Throws `invalid-request` that lists every mistake with its place and path.
 */
export const checkManifest = (document: ManifestDocument): Manifest => {
  const kind = kindOf(document);
  const schema = kind === 'SimulationJob' ? simulationJobManifest : simulationServiceManifest;
  const checked = schema.safeParse(document.value);
  if (!checked.success) {
    const { issues } = checked.error;
    throw mistakesError(document, explain(schema, issues, document.value, document.writtenAt));
  }
  return checked.data.kind === 'SimulationJob'
    ? { kind: 'SimulationJob', document, manifest: checked.data }
    : { kind: 'SimulationService', document, manifest: checked.data };
};
