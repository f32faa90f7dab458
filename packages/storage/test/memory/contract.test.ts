import { openMemoryStorage } from '@simfleet/storage/memory';
import { testStorage } from '@simfleet/storage/contract';

testStorage({ name: 'memory', open: async () => openMemoryStorage(), capabilities: { shared: false, durable: null } });
