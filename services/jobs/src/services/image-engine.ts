import { containerEngine, SimfleetError } from '@simfleet/contracts';
import type { MetricDescription, SamplingEngine } from '@simfleet/domain';

/** What the platform has to know of an image to fold what it reports. */
export interface ImageFacts {
  /** Digest of the image (hex). */
  readonly kernelHash: string;
  readonly blockSize: number;
  readonly metrics: readonly MetricDescription[];
  readonly description: string;
}

/** Of the report protocol and the fold, which are ours; whatever else could change a result changes the digest of the image. */
const foldVersion = '1';

/**
 * An image as a sampling engine: moments of each metric, no control variates. Its blocks run in a cluster: opening the kernel throws
 * `engine-unavailable`.
 */
export const imageEngine = ({ kernelHash, blockSize, metrics, description }: ImageFacts): SamplingEngine => ({
  kind: 'sampling',
  name: containerEngine,
  version: foldVersion,
  kernelHash,
  description,
  parameters: {},
  metrics,
  generator: 'of the image',
  plan: () => ({ blockSize, blocks: null, units: null }),
  open: () => {
    throw new SimfleetError('engine-unavailable', 'the service runs an image, which only a cluster can run');
  },
  references: () => [],
  controlMeans: () => ({}),
});
