import { testLimiterStore } from '@simfleet/rate-limit/contract';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { systemClock } from '@simfleet/runtime';

testLimiterStore({
  name: 'memory',
  open: async ({ now }) => openMemoryLimiterStore({ clock: now === undefined ? systemClock : { now, monotonic: now } }),
  capabilities: { shared: false },
});
