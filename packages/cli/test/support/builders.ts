import { job as jobShape, jobResult, jobSpec } from '@simfleet/contracts';
import type { Estimate, Job, JobResult, JobSpec } from '@simfleet/contracts';
import type { z } from 'zod';

export const anEstimate = (given: Partial<Estimate> = {}): Estimate => ({
  name: 'price',
  value: 10.45058,
  standardError: 0.0004,
  ciLow: 10.44955,
  ciHigh: 10.45161,
  confidence: 0.99,
  paths: 1_000_000,
  ...given,
});

export const aSpec = (given: Partial<z.input<typeof jobSpec>> = {}): JobSpec =>
  jobSpec.parse({
    serviceRef: { name: 'european-option' },
    parameters: { spot: 100, strike: 100 },
    precision: { metric: 'price', relativeError: '0.001' },
    ...given,
  });

export const aJob = (given: Partial<Job> = {}): Job =>
  jobShape.parse({
    id: 'job-1',
    customer: 'default',
    name: 'asian-call',
    labels: {},
    origin: 'api',
    resource: null,
    createdBy: 'administrator',
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    generation: 1,
    run: 1,
    spec: aSpec(),
    service: { name: 'european-option', version: 1, engine: 'european-option', kernelHash: 'abc' },
    state: 'Running',
    stopReason: null,
    message: null,
    waitsFor: null,
    accumulatedSeconds: 0,
    progress: {
      blocks: 1,
      blocksReported: 1,
      paths: 1000,
      fraction: 0.5,
      pathsPerSecond: 54_100_000,
      remainingSeconds: 12,
      activeShards: 1,
    },
    estimates: [],
    thresholds: [],
    resultDigest: null,
    ...given,
  });

export const aResult = (given: Partial<JobResult> = {}): JobResult =>
  jobResult.parse({
    job: { id: 'job-1', name: 'asian-call', customer: 'default' },
    state: 'Succeeded',
    stopReason: 'PrecisionReached',
    resultDigest: 'd'.repeat(64),
    estimates: [anEstimate()],
    thresholds: [],
    references: [{ metric: 'price', method: 'Black–Scholes', value: 10.450584 }],
    provenance: {
      service: { name: 'european-option', version: 1 },
      engine: 'european-option',
      engineVersion: '1',
      kernelHash: 'c15d6db1aa00ffff',
      parameters: { spot: 100 },
      seed: '42',
      generator: 'philox4x32-10',
      blockSize: 4_194_304,
      blocks: 320,
      paths: 1_342_177_280,
      platformVersion: '0.1.0',
    },
    ...given,
  });
