import { testBus } from '@simfleet/bus/contract';
import { openMemoryBus } from '@simfleet/bus/memory';

testBus({ name: 'memory', open: async (tracing) => openMemoryBus({ tracing, backoff: { firstMs: 1, mostMs: 4 } }) });
