import type { TokenBucketRule } from '../rule.ts';
import { bucketMeter } from './bucket.ts';

export const tokenBucket = bucketMeter<TokenBucketRule>(({ burst, limit }) => burst ?? limit);
