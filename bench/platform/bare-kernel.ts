// A kernel without any platform: prints the milliseconds that a number of blocks takes, once the kernel is warm.
import { findEngine } from '@simfleet/simulation/engines';

const count = Number(process.argv[2]);
const parameters = { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' };
const engine = findEngine('european-option');
if (engine === undefined) throw new Error('no engine');
const { blockSize } = engine.plan(parameters);
const kernel = engine.open();
const run = (block: number): unknown => kernel.runBlock({ parameters, seed: 42n, blockSize, block, units: blockSize });
run(0);
const started = performance.now();
for (let block = 0; block < count; block++) run(block);
process.stdout.write(String(performance.now() - started));
