import { testLimiterStore } from '@simfleet/rate-limit/contract';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { systemClock } from '@simfleet/runtime';
import type { Fault } from './fault.ts';

/** Runs the suite on the memory store with one fault: `run.ts <name of the fault>`, or `healthy`. */
const name = process.argv[2] ?? 'healthy';
const fault = name === 'healthy' ? null : ((await import(`./faults/${name}.ts`)) as { readonly fault: Fault }).fault;

testLimiterStore({
  name,
  async open({ now }) {
    const store = openMemoryLimiterStore({ clock: now === undefined ? systemClock : { now, monotonic: now } });
    return fault?.spoil(store) ?? store;
  },
  capabilities: { shared: false },
});
