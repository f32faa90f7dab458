// The scenarios of k6 on real replicas, shortened, and the faults that their thresholds must find.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { text } from 'node:stream/consumers';
import type { RateLimitPolicy } from '@simfleet/contracts';
import { k6Program, temporaryDirectory, until } from '@simfleet/testing';
import { openOwner } from './owner.ts';
import { replicasMissing, startReplicas } from './replicas.ts';
import type { ReplicaOptions, Replicas } from './replicas.ts';
import { startK6, thresholdsMissed } from './run-k6.ts';
import type { Target } from './run-k6.ts';
import { startRelay } from './relay.ts';

interface Report {
  readonly passed: boolean;
  readonly thresholds: readonly { readonly metric: string; readonly ok: boolean; readonly reason: string }[];
}

interface Outcome {
  readonly exitCode: number | null;
  readonly output: string;
  readonly report: Report;
  readonly page: string;
  /** Names of the metrics whose thresholds were missed, without their tags. */
  readonly missed: readonly string[];
}

const k6 = k6Program();
const skip = 'missing' in k6 ? k6.missing : replicasMissing();
const owner = openOwner();
after(() => owner.end());
const { path: folder } = temporaryDirectory(owner);

const once = (options: ReplicaOptions): (() => Promise<Replicas>) => {
  let started: Promise<Replicas> | undefined;
  return () => (started ??= startReplicas(owner, options));
};
const together = once({ limits: 'shared' });

/** Latency is no matter of these tests: they run beside others. */
const patient = { LOAD_LATENCY_P95_MS: '30000', LOAD_DELIVERY_P99_MS: '30000', LOAD_ANSWER_P95_MS: '30000' } as const;

const run = async (scenario: string, target: Target, variables: Readonly<Record<string, string>>): Promise<Outcome> => {
  const child = await startK6({ scenario, target, variables, folder, output: 'pipe' });
  owner.after(() => child.stop());
  const [exitCode, out, complaints] = await Promise.all([
    child.ended,
    text(child.process.stdout!),
    text(child.process.stderr!),
  ]);
  const output = `${out}\n${complaints}`;
  assert.ok(!output.includes(target.token), 'the token is in the output');
  const written = (ending: string): string => readFileSync(join(folder, `${scenario}.${ending}`), 'utf8');
  const [json, page] = [written('json'), written('html')];
  assert.ok(!`${json}${page}`.includes(target.token), 'the token is in the report');
  const report = JSON.parse(json) as Report;
  const missed = report.thresholds.filter(({ ok }) => !ok).map(({ metric }) => metric.replace(/\{.*/, ''));
  return { exitCode, output, report, page, missed: [...new Set(missed)] };
};

const limiter = {
  LOAD_SUBMISSION: 'off',
  LOAD_RAISE_LIMITS: 'api,addresses',
  LOAD_WINDOW_SECONDS: '2',
  LOAD_LIMIT: '15',
  LOAD_USERS: '2',
  LOAD_CLOCK_SKEW_MS: '5',
  LOAD_ARRIVAL_WINDOWS: '2',
  LOAD_STALL: '0.25',
  LOAD_CROWD: '60',
  LOAD_HELD_ROUNDS: '2',
  LOAD_LATENCY_P95_MS: patient.LOAD_LATENCY_P95_MS,
};

const watching = {
  LOAD_RAISE_LIMITS: 'api,addresses',
  LOAD_WATCHERS: '40',
  LOAD_SECONDS: '6',
  LOAD_RAMP_SECONDS: '2',
  LOAD_SOCKETS_PER_VU: '10',
  LOAD_DELIVERY_P99_MS: patient.LOAD_DELIVERY_P99_MS,
};

void describe('load tests', { skip }, () => {
  void it('smoke passes on two replicas, and tries every operation', async () => {
    const { exitCode, output, report, page } = await run('smoke', await together(), {
      LOAD_ANSWER_P95_MS: patient.LOAD_ANSWER_P95_MS,
    });
    assert.equal(exitCode, 0, output);
    assert.ok(report.passed);
    assert.ok(report.thresholds.every(({ reason }) => reason.length > 20));
    assert.match(page, /^<!doctype html>.*Smoke.*passed/s);
  });

  void it('rate-limiter finds admissions within their bounds over two replicas', async () => {
    const variables = { ...limiter, LOAD_ALGORITHMS: 'token-bucket,sliding-log,sliding-counter' };
    const { exitCode, output } = await run('rate-limiter', await together(), variables);
    assert.equal(exitCode, 0, output);
    assert.match(output, /sliding-log +burst +2 +30 +30 +30 +60 +0 +0 +0/);
    assert.match(output, /sliding-log +arrival +1 .* 0 +0 +–/);
    assert.match(output, /any +crowd +60 .* 0 +0 +0 +0/);
    assert.match(output, /concurrency +held +2 +20 +20 +20 +40 +0 +0 +0/);
  });

  void it('job-fan-out shows every event to every watcher, once', async () => {
    const { exitCode, output } = await run('job-fan-out', await together(), watching);
    assert.equal(exitCode, 0, output);
  });

  void it('job-fan-out sees one event missed and one repeated', async () => {
    const replicas = await together();
    let events = 0;
    const relay = await startRelay(replicas.socketUrls[0] ?? '', (message) => {
      if (!message.startsWith('{"job"') || !message.includes('"event"')) return 1;
      events += 1;
      if (events === 100) return 0;
      return events === 200 ? 2 : 1;
    });
    owner.after(relay.close);
    const variables = { ...watching, LOAD_DROP: '0' };
    const { exitCode, output, missed } = await run('job-fan-out', { ...replicas, socketUrls: [relay.url] }, variables);
    await relay.close();
    assert.equal(exitCode, thresholdsMissed, output);
    // The watcher whose events are compared with the other stream may be the one.
    const others = missed.filter((metric) => metric !== 'fanout_events_differing');
    assert.deepEqual(others, ['fanout_events_missed', 'fanout_events_repeated']);
    assert.match(output, /missed: fanout_events_missed count==0, was 1 /);
    assert.match(output, /missed: fanout_events_repeated count==0, was 1 /);
  });

  void it('rate-limiter sees replicas that count apart', async () => {
    const variables = {
      ...limiter,
      ...{ LOAD_ALGORITHMS: 'sliding-log', LOAD_WINDOW_SECONDS: '1', LOAD_PATTERNS: 'burst,arrival,held' },
      LOAD_HELD_ROUNDS: '1',
    };
    const { exitCode, output, missed } = await run(
      'rate-limiter',
      await startReplicas(owner, { limits: 'apart' }),
      variables,
    );
    assert.equal(exitCode, thresholdsMissed, output);
    assert.ok(missed.includes('limiter_admitted_over_bound'), missed.join(' '));
    assert.match(
      output,
      /missed: limiter_admitted_over_bound\{algorithm:sliding-log,pattern:burst\} count==0, was [1-9]/,
    );
    assert.match(
      output,
      /missed: limiter_admitted_in_time\{algorithm:sliding-log,pattern:arrival\} count<=30, was [3-9]/,
    );
    assert.match(output, /missed: limiter_admitted_over_bound\{algorithm:concurrency,pattern:held\} count==0, was 10 /);
  });

  void it('takes back what it made and raised when it is interrupted', async () => {
    const replicas = await together();
    const list = async <Item>(path: string): Promise<readonly Item[]> => {
      const headers = { authorization: `Bearer ${replicas.token}` };
      const response = await fetch(`${replicas.urls[0]}/v1/${path}`, { headers });
      return ((await response.json()) as { readonly items: readonly Item[] }).items;
    };
    const policies = async (): Promise<unknown> =>
      (await list<RateLimitPolicy>('rate-limit-policies?limit=100')).map(({ name, rule, description }) => ({
        ...{ name, rule, description },
      }));
    const asTheyWere = await policies();
    const variables = { ...watching, LOAD_SECONDS: '60' };
    const child = await startK6({ scenario: 'job-fan-out', target: replicas, variables, folder, output: 'pipe' });
    owner.after(() => child.stop());
    const [complaints] = [text(child.process.stderr!), child.process.stdout?.resume()];
    await until('its job to run', async () => (await list('jobs?state=Running')).length === 1);
    assert.notDeepEqual(await policies(), asTheyWere);
    child.signal('SIGINT');
    assert.notEqual(await child.ended, 0, await complaints);
    assert.deepEqual(await policies(), asTheyWere);
    assert.deepEqual(await list('jobs'), []);
  });

  void it('a variable that no script knows ends the run before it starts', async () => {
    const target = { urls: ['http://127.0.0.1:9'], socketUrls: ['ws://127.0.0.1:9'], token: 'none' };
    const child = await startK6({
      ...{ scenario: 'soak', target, folder, output: 'pipe' },
      variables: { LOAD_DURATOIN: '1h' },
    });
    const [exitCode, complaints] = await Promise.all([child.ended, text(child.process.stderr!)]);
    assert.notEqual(exitCode, 0);
    assert.match(complaints, /unknown: LOAD_DURATOIN; this script knows .*LOAD_DURATION/);
  });
});
