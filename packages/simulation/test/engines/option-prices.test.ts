import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClose, atTheMoney, estimateOf, priceOf, runBlock, samplingEngine } from './running.ts';

const options = [
  { name: 'a call at the money', ...atTheMoney },
  { name: 'a put at the money', ...atTheMoney, type: 'put' },
  { name: 'a call far out of the money', ...atTheMoney, strike: 170 },
  { name: 'a put deep in the money', ...atTheMoney, strike: 160, type: 'put' },
  { name: 'a call with a negative rate', ...atTheMoney, rate: -0.03 },
  { name: 'a wild asset over three years', ...atTheMoney, volatility: 0.9, maturity: 3 },
  { name: 'a day before it expires', ...atTheMoney, maturity: 1 / 365 },
];

for (const { name, ...parameters } of options) {
  test(`the European price agrees with Black–Scholes: ${name}`, () => {
    const engine = samplingEngine('european-option');
    const [reference] = engine.references(parameters);
    assert.equal(reference?.method, 'Black–Scholes');
    const { value, error } = estimateOf(runBlock(engine.open(), parameters, { blockSize: 2 ** 20 }));
    assertClose(value, reference.value, 4 * error, 'price');
    assert.ok(error > 0);
  });

  test(`the geometric average of the Asian paths agrees with its closed form: ${name}`, () => {
    const engine = samplingEngine('asian-option');
    const asian = { ...parameters, steps: 12 };
    const result = runBlock(engine.open(), asian, { blockSize: 2 ** 17 });
    const { control } = priceOf(result);
    assert.ok(control !== undefined);
    const error = Math.sqrt(control.m2 / (result.paths - 1) / result.paths);
    assertClose(control.mean, engine.controlMeans(asian)['price'] ?? NaN, 4 * error, 'control');
  });
}

test('Black–Scholes gives the textbook values', () => {
  const { references } = samplingEngine('european-option');
  const value = (parameters: object): number => references({ ...atTheMoney, ...parameters })[0]?.value ?? NaN;
  // Hull, "Options, Futures, and Other Derivatives", example of the Black–Scholes chapter: 4.76 and 0.81.
  const hull = { spot: 42, strike: 40, rate: 0.1, volatility: 0.2, maturity: 0.5 };
  assertClose(value(hull), 4.7594, 5e-5, 'call');
  assertClose(value({ ...hull, type: 'put' }), 0.8086, 5e-5, 'put');
  assertClose(value({}) - value({ type: 'put' }), 100 - 100 * Math.exp(-0.05), 1e-12, 'put-call parity');
});

test('an Asian option over one date is the European option', () => {
  const asian = samplingEngine('asian-option').controlMeans({ ...atTheMoney, steps: 1 })['price'];
  const european = samplingEngine('european-option').references(atTheMoney)[0]?.value;
  assertClose(asian ?? NaN, european ?? NaN, 1e-13, 'closed form');
});

/**
 * Calls on the continuous arithmetic average, strike 2: V. Linetsky, "Spectral expansions for Asian (average price) options",
 * Operations Research 52 (2004), table 3; the cases are those of Fu, Madan and Wang (1998).
 */
const linetsky = [
  { rate: 0.02, volatility: 0.1, maturity: 1, spot: 2, price: 0.0559860415 },
  { rate: 0.18, volatility: 0.3, maturity: 1, spot: 2, price: 0.2183875466 },
  { rate: 0.0125, volatility: 0.25, maturity: 2, spot: 2, price: 0.172268741 },
  { rate: 0.05, volatility: 0.5, maturity: 1, spot: 1.9, price: 0.1931737903 },
  { rate: 0.05, volatility: 0.5, maturity: 1, spot: 2, price: 0.2464156905 },
  { rate: 0.05, volatility: 0.5, maturity: 1, spot: 2.1, price: 0.3062203648 },
  { rate: 0.05, volatility: 0.5, maturity: 2, spot: 2, price: 0.350095219 },
];

test('the arithmetic Asian price tends to Linetsky’s published values as the dates get closer', () => {
  const engine = samplingEngine('asian-option');
  const kernel = engine.open();
  const estimate = (parameters: object, steps: number, seed: bigint) => {
    const all = { ...parameters, strike: 2, type: 'call', steps };
    return estimateOf(runBlock(kernel, all, { seed, blockSize: 2 ** 15 }), engine.controlMeans(all)['price']);
  };
  for (const [index, { price, ...parameters }] of linetsky.entries()) {
    // The average over n dates exceeds the continuous one by a term in 1/n, which this difference removes.
    const fine = estimate(parameters, 128, 1n);
    const coarse = estimate(parameters, 64, 2n);
    const error = Math.hypot(2 * fine.error, coarse.error);
    assertClose(2 * fine.value - coarse.value, price, 4 * error + 2e-4 * price, `case ${index + 1}`);
    assert.ok(error < 0.003 * price, `the control variate leaves ${error} for case ${index + 1}`);
  }
});
