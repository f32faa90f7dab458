import type { LeakyBucketRule } from '../rule.ts';
import { bucketMeter } from './bucket.ts';

export const leakyBucket = bucketMeter<LeakyBucketRule>(({ burst = 1 }) => burst);
