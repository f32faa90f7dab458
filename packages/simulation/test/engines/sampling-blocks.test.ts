import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInEngines, findEngine } from '../../src/engines/index.ts';
import { assertClose, atTheMoney, priceOf, runBlock, samplingEngine } from './running.ts';

const cases = [
  { engine: 'european-option', parameters: atTheMoney },
  { engine: 'asian-option', parameters: { ...atTheMoney, steps: 13 } },
] as const;

for (const { engine: name, parameters } of cases) {
  test(`${name}: the same block has the same bytes again, from a fresh kernel, and after other blocks`, () => {
    const kernel = samplingEngine(name).open();
    const piece = { seed: 7n, blockSize: 1000, block: 9 };
    const first = JSON.stringify(runBlock(kernel, parameters, piece));
    assert.equal(JSON.stringify(runBlock(kernel, parameters, piece)), first);
    runBlock(kernel, { ...parameters, strike: 3, type: 'put' }, { seed: 1n, blockSize: 777, block: 3 });
    assert.equal(JSON.stringify(runBlock(kernel, parameters, piece)), first);
    assert.equal(JSON.stringify(runBlock(samplingEngine(name).open(), parameters, piece)), first);
  });

  test(`${name}: seed, block and parameters each change the result`, () => {
    const kernel = samplingEngine(name).open();
    const mean = (change: object, piece: object = {}): number =>
      priceOf(runBlock(kernel, { ...parameters, ...change }, piece)).mean;
    const all = [
      mean({}),
      mean({}, { seed: 43n }),
      mean({}, { seed: 42n + 2n ** 32n }),
      mean({}, { block: 1 }),
      mean({ spot: 101 }),
    ];
    assert.equal(new Set(all).size, all.length);
  });

  test(`${name}: blocks of any size put together are the one long block`, () => {
    const kernel = samplingEngine(name).open();
    const whole = priceOf(runBlock(kernel, parameters, { blockSize: 1200 }));
    for (const blockSize of [1, 3, 8, 75, 400]) {
      const parts = Array.from({ length: 1200 / blockSize }, (_, block) =>
        priceOf(runBlock(kernel, parameters, { blockSize, block })),
      );
      const mean = parts.reduce((sum, part) => sum + part.mean, 0) / parts.length;
      const m2 = parts.reduce((sum, part) => sum + part.m2 + blockSize * (part.mean - mean) ** 2, 0);
      assertClose(mean, whole.mean, 1e-12 * whole.mean, `mean of blocks of ${blockSize}`);
      assertClose(m2, whole.m2, 1e-11 * whole.m2, `second moment of blocks of ${blockSize}`);
      assert.equal(
        parts.reduce((sum, part) => sum + part.nonZero, 0),
        whole.nonZero,
      );
    }
  });

  test(`${name}: a short last block is the start of the full one`, () => {
    const kernel = samplingEngine(name).open();
    const short = priceOf(runBlock(kernel, parameters, { blockSize: 1001, block: 2, units: 501 }));
    const rest = Array.from({ length: 501 }, (_, i) =>
      priceOf(runBlock(kernel, parameters, { blockSize: 1, block: 2002 + i })),
    );
    assertClose(short.mean, rest.reduce((sum, part) => sum + part.mean, 0) / 501, 1e-12, 'mean');
    assert.equal(short.nonZero, rest.filter((part) => part.mean !== 0).length);
  });

  test(`${name}: a certain path has its pay-off as price, without variance`, () => {
    const kernel = samplingEngine(name).open();
    const certain = { ...parameters, volatility: 0, strike: 90 };
    const got = priceOf(runBlock(kernel, certain, { blockSize: 777 }));
    assert.equal(got.m2, 0);
    assert.equal(got.nonZero, 777);
    assert.deepEqual([got.control?.m2 ?? 0, got.control?.cross ?? 0], [0, 0]);
    const expected = samplingEngine(name).references(certain)[0]?.value ?? NaN;
    assertClose(got.control?.mean ?? got.mean, expected, 1e-13 * expected, 'price');
    assert.deepEqual(priceOf(runBlock(kernel, { ...certain, type: 'put' }, {})).mean, 0);
  });

  test(`${name}: nothing but finite numbers comes out at the ends of the parameters’ ranges`, () => {
    const engine = samplingEngine(name);
    const kernel = engine.open();
    const ends = {
      spot: [1e-9, 1e12],
      strike: [1e-9, 1e12],
      rate: [-1, 1],
      volatility: [0, 5],
      maturity: [5e-324, 1e-9, 100],
    };
    for (const spot of ends.spot)
      for (const strike of ends.strike)
        for (const rate of ends.rate)
          for (const volatility of ends.volatility)
            for (const maturity of ends.maturity)
              for (const type of ['call', 'put']) {
                const extreme = { ...parameters, spot, strike, rate, volatility, maturity, type };
                const { mean, m2, control } = priceOf(runBlock(kernel, extreme, { blockSize: 50 }));
                const numbers = [
                  mean,
                  m2,
                  control?.mean,
                  control?.m2,
                  control?.cross,
                  engine.controlMeans(extreme)['price'],
                ];
                for (const number of numbers) {
                  assert.ok(
                    number === undefined || Number.isFinite(number),
                    `${number} for ${JSON.stringify(extreme)}`,
                  );
                }
                assert.ok(mean >= 0 && m2 >= 0);
              }
  });

  test(`${name}: the ranges that the schema allows are those tried here`, () => {
    const { properties } = samplingEngine(name).parameters as { properties: Record<string, Record<string, unknown>> };
    const range = (parameter: string): unknown[] => [
      properties[parameter]?.['minimum'] ?? properties[parameter]?.['exclusiveMinimum'],
      properties[parameter]?.['maximum'],
    ];
    assert.deepEqual(['spot', 'strike', 'rate', 'volatility', 'maturity'].map(range), [
      [1e-9, 1e12],
      [1e-9, 1e12],
      [-1, 1],
      [0, 5],
      [0, 100],
    ]);
    for (const property of Object.values(properties)) assert.equal(typeof property['description'], 'string');
  });

  test(`${name}: a parameter that is no finite number is refused by name`, () => {
    const kernel = samplingEngine(name).open();
    for (const spot of [NaN, Infinity, '100', undefined]) {
      assert.throws(() => runBlock(kernel, { ...parameters, spot }), { code: 'invalid-request', detail: /spot/ });
    }
  });
}

test('a far out-of-the-money option counts its few pay-offs', () => {
  const kernel = samplingEngine('european-option').open();
  const { mean, m2, nonZero } = priceOf(runBlock(kernel, { ...atTheMoney, strike: 230 }, { blockSize: 2 ** 18 }));
  assert.ok(nonZero > 0 && nonZero < 50, `${nonZero} pay-offs`);
  assert.ok(mean > 0 && m2 > 0);
  assert.deepEqual(priceOf(runBlock(kernel, { ...atTheMoney, strike: 1e6 })), { mean: 0, m2: 0, nonZero: 0 });
});

test('blocks are powers of two of about five million path-steps', () => {
  const size = (steps: number): number => samplingEngine('asian-option').plan({ ...atTheMoney, steps }).blockSize;
  assert.deepEqual([1, 252, 10_000].map(size), [2 ** 22, 2 ** 14, 512]);
  assert.equal(samplingEngine('asian-option').plan(atTheMoney).blockSize, size(252));
  assert.deepEqual(samplingEngine('european-option').plan(atTheMoney), {
    blockSize: 2 ** 22,
    blocks: null,
    units: null,
  });
});

test('engines are found by name, each with the hash of its kernel', () => {
  assert.deepEqual(
    builtInEngines().map((engine) => engine.name),
    ['asian-option', 'european-option', 'prime-sieve'],
  );
  assert.equal(findEngine('heston'), undefined);
  for (const engine of builtInEngines()) assert.match(engine.kernelHash, /^[0-9a-f]{64}$/);
});
