import { testBus } from '@simfleet/bus/contract';
import { openMemoryBus } from '@simfleet/bus/memory';
import type { Fault } from './fault.ts';

/** Runs the suite on the memory bus with one fault: `run.ts <name of the fault>`, or `healthy`. */
const name = process.argv[2] ?? 'healthy';
const fault = name === 'healthy' ? null : ((await import(`./faults/${name}.ts`)) as { readonly fault: Fault }).fault;

testBus({
  name,
  async open(tracing) {
    const healthy = openMemoryBus({ tracing, backoff: { firstMs: 1, mostMs: 4 } });
    return fault?.spoil(healthy) ?? healthy;
  },
});
