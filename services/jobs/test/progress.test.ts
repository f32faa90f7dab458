import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobSpec, progress as progressShape } from '@simfleet/contracts';
import { rulesOf } from '@simfleet/domain';
import { openJobFold } from '../src/estimate/job-fold.ts';
import { openPace } from '../src/estimate/pace.ts';
import { progressOf } from '../src/estimate/progress.ts';
import { smallBlock, smallEngine } from './support/small-engine.ts';

test('pace is the average of the last seconds', () => {
  const pace = openPace(0);
  assert.equal(pace.perSecond(10), null);
  for (let now = 0; now <= 20_000; now += 500) pace.add(now < 10_000 ? 50 : 500, now);
  const perSecond = pace.perSecond(20_000) ?? 0;
  assert.ok(perSecond > 900 && perSecond < 1150, `${perSecond}`);
  assert.equal(pace.perSecond(40_000), null);
});

test('the fraction never falls, and is 1 at the end', () => {
  const engine = smallEngine();
  const parameters = { level: 5, spread: 3 };
  const spec = jobSpec.parse({
    serviceRef: { name: 'small-engine' },
    parameters,
    precision: { metric: 'price', absoluteError: '0.1' },
  });
  const fold = openJobFold(rulesOf(spec, engine), engine, parameters);
  let least: number | null = null;
  for (let block = 0; fold.state.ended === null; block++) {
    fold.add([{ block, result: smallBlock({ parameters, seed: 0n, blockSize: 100, block, units: 100 }) }]);
    const progress = progressOf(fold, { pathsPerSecond: 1000, activeShards: 1, least });
    progressShape.parse(progress);
    assert.ok((progress.fraction ?? 0) >= (least ?? 0));
    least = progress.fraction;
  }
  assert.equal(least, 1);
});

test('the fraction that was told holds when more paths turn out to be needed', () => {
  const engine = smallEngine();
  const parameters = { level: 5, spread: 3 };
  const spec = jobSpec.parse({ serviceRef: { name: 'small-engine' }, parameters, maxPaths: '1000' });
  const fold = openJobFold(rulesOf(spec, engine), engine, parameters);
  fold.add([{ block: 0, result: smallBlock({ parameters, seed: 0n, blockSize: 100, block: 0, units: 100 }) }]);
  const now = { pathsPerSecond: 50, activeShards: 1 };
  assert.equal(progressOf(fold, { ...now, least: null }).fraction, 0.1);
  assert.equal(progressOf(fold, { ...now, least: 0.4 }).fraction, 0.4);
  assert.equal(progressOf(fold, { ...now, least: null }).remainingSeconds, 18);
});
