// Our kernels beside their peers, side by side in one run on one core; `--two` adds what a second kernel gains on a second core.
//   node bench/kernels/main.ts [--rounds 15] [--two]
// Every figure is measured in this run; nothing is taken from elsewhere. Peers are built and installed under ~/.cache/simfleet.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { comparePrimes } from './primes.ts';
import { compareSampling } from './sampling.ts';
import { compareTwo } from './two.ts';
import { preparePeers, versions } from './peers.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, two: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
const core = cpus().length - 1;

const peers = preparePeers();
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(2)}; one core (${core})`,
);
console.log(`${versions().join('; ')}\n${rounds} interleaved rounds; processor time; median (least–most)\n`);

const missed = [...(await compareSampling(peers, rounds, core)), ...(await comparePrimes(rounds, core))];
if (values.two) missed.push(...(await compareTwo(peers[0]?.command ?? '', rounds)));
console.log(missed.length === 0 ? 'Every goal is met.' : `Missed:\n${missed.map((line) => `  ${line}`).join('\n')}`);
