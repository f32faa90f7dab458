import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { guardBench, log, lose } from './guarded.ts';

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

const heapMb = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

void suite('A flood of fresh keys while the store is lost', () => {
  void test('fills no memory, and forgets no key that is refused', async () => {
    const bench = guardBench({ replicas: 4 });
    await lose(bench);
    const rule = log('share', 4);
    const hostile = { rule, key: 'hostile' };
    assert.equal((await bench.guard.decideOne(hostile)).allowed, true);
    const flood = async (from: number, count: number): Promise<void> => {
      // 1,000 keys are kept; each has its one admission, so all of them refuse: the one asked for again is among those that came first.
      for (let n = from; n < from + count; n += 1) await bench.guard.decideOne({ rule, key: `fresh ${n}` });
    };
    await flood(0, 500);
    assert.equal((await bench.guard.decideOne(hostile)).allowed, false);
    await flood(500, 20_000);
    const before = heapMb();
    await flood(20_500, 100_000);
    const grown = heapMb() - before;
    assert.ok(grown < 5, `${grown.toFixed(1)} MiB for 100,000 keys`);
    await bench.guard.close();
  });
});
