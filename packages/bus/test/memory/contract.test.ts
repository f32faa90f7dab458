import { testBus } from '@simfleet/bus/contract';
import { openMemoryBus } from '@simfleet/bus/memory';

testBus({ name: 'memory', open: async () => openMemoryBus({ backoff: { firstMs: 1, mostMs: 4 } }) });
