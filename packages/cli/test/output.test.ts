import assert from 'node:assert/strict';
import { test } from 'node:test';
import { age, compact, count, duration, percent, withUncertainty } from '../src/output/numbers.ts';
import { printableJob, printableJobs } from '../src/output/job.ts';
import { printableResult } from '../src/output/result.ts';
import { facts, table } from '../src/output/table.ts';
import { bar, estimateText, fit, progressLine } from '../src/watch/progress-line.ts';
import { printable } from '../src/terminal.ts';
import { warningText } from '../src/platform/log-lines.ts';
import { aJob, anEstimate, aResult } from './support/builders.ts';

test('numbers are shown as people read them', () => {
  assert.equal(count(1_342_177_280), '1,342,177,280');
  assert.deepEqual([0, 7, 999, 1000, 54_100_000, 999_960, 1.79e9].map(compact), [
    '0 ',
    '7 ',
    '999 ',
    '1.00 k',
    '54.1 M',
    '1.00 M',
    '1.79 G',
  ]);
  assert.deepEqual([0.2, 12, 60, 3723].map(duration), ['0:01', '0:12', '1:00', '1:02:03']);
  assert.deepEqual([0.99, 0.999, 0.95].map(percent), ['99%', '99.9%', '95%']);
  assert.deepEqual([-5, 59_000, 3_600_000, 90_000_000].map(age), ['0s', '59s', '1h', '1d']);
});

test('a value is cut to the digits that its interval supports', () => {
  const cases: readonly (readonly [number, number | null, string, string])[] = [
    [10.4505835, 0.00104, '10.4506', '0.0010'],
    [10.4505835, 0.97, '10.45', '0.97'],
    [1234.5, 120, '1235', '120'],
    [455_052_511, 0, '455,052,511', '0'],
    [0.1, 0, '0.1', '0'],
    [10.4505835, null, '10.4506', '?'],
    [1e20, 1e17, '100000000000000000000', '1.0e+17'],
  ];
  for (const [value, half, ...shown] of cases)
    assert.deepEqual(Object.values(withUncertainty(value, half)), shown, `${value} ± ${half}`);
});

const snapshot = { state: 'Running', progress: aJob().progress, estimate: anEstimate() };

test('a line of progress shows estimate, bar, share, speed and time left', () => {
  assert.equal(
    progressLine(snapshot, true),
    'price 10.4506 ± 0.0010 (99%)  ██████████░░░░░░░░░░   50 %  54.1 M paths/s  0:12 left',
  );
});

test('a plain line has no bar', () => {
  assert.equal(progressLine(snapshot, false), 'price 10.4506 ± 0.0010 (99%)  50 %  54.1 M paths/s  0:12 left');
});

test('a line before the first block tells the state, one of a suspended job as well', () => {
  const nothing = { ...snapshot.progress, fraction: null, pathsPerSecond: null, remainingSeconds: null };
  assert.equal(progressLine({ state: 'Queued', progress: nothing, estimate: undefined }, true), 'queued');
  assert.match(progressLine({ ...snapshot, state: 'Suspended', progress: nothing }, true), /  suspended$/);
});

test('a bar is always as wide, to an eighth of a cell', () => {
  for (let step = -1; step <= 161; step += 1) assert.equal([...bar(step / 160)].length, 20);
  assert.equal(bar(1), '█'.repeat(20));
  assert.equal(bar(3.4 / 20), `███▍${'░'.repeat(16)}`.slice(0, 20).padEnd(20, '░'));
});

test('a line that is too long for the terminal is cut by signs, not by bytes', () => {
  assert.equal(fit('███░ 50 %', 20), '███░ 50 %');
  assert.equal(fit('███░ 50 %', 6), '███░…');
});

test('an estimate without an interval, or exact, is shown without one', () => {
  assert.equal(estimateText(anEstimate({ standardError: null, ciLow: null, ciHigh: null })), 'price 10.4506');
  assert.equal(estimateText(anEstimate({ name: 'count', value: 168, ciLow: 168, ciHigh: 168 })), 'count 168');
});

test('a result shows the estimate beside the closed form and their difference in standard errors', () => {
  assert.equal(
    printableResult(aResult()).table(),
    `job     asian-call (job-1)
state   Succeeded (PrecisionReached)

METRIC   ESTIMATE   INTERVAL         REFERENCE   METHOD          DIFFERENCE
price     10.4506   ± 0.0010 (99%)    10.45058   Black–Scholes   −0.01 s.e.

work      1,342,177,280 paths in 320 blocks of 4,194,304
seed      42 (philox4x32-10)
service   european-option version 1, engine european-option 1 (kernel c15d6db1aa00)
digest    ${'d'.repeat(64)}
`,
  );
});

test('a related quantity is shown without a difference', () => {
  const references = [{ metric: 'price', method: 'Geometric average', value: 5.5, comparable: false }];
  assert.match(printableResult(aResult({ references })).table(), /Geometric average +not the same quantity/);
});

test('a result without an answer says so', () => {
  const shown = printableResult(
    aResult({ state: 'Failed', stopReason: 'RetriesExhausted', resultDigest: null, estimates: [] }),
  ).table();
  assert.match(shown, /state   Failed \(RetriesExhausted\)/);
  assert.match(shown, /digest +none: the job has no full answer/);
  assert.doesNotMatch(shown, /METRIC/);
});

test('jobs are listed in columns, and none of their texts can steer the terminal', () => {
  const jobs = [aJob({ estimates: [anEstimate()] }), aJob({ name: 'b', stopReason: 'Cancelled', state: 'Cancelled' })];
  assert.equal(
    printableJobs(jobs, Date.parse('2026-01-01T00:05:00Z')).table(),
    `NAME         STATE       REASON      SERVICE           ESTIMATE                       DONE   SHARDS   AGE
asian-call   Running                 european-option   price 10.4506 ± 0.0010 (99%)   50 %        1    5m
b            Cancelled   Cancelled   european-option                                  50 %        1    5m
`,
  );
  assert.match(
    printableJob(aJob({ message: '\u001b[2J\u001b]0;x\u0007 gone' })).table(),
    /message +\ufffd\[2J\ufffd\]0;x\ufffd gone/,
  );
});

test('control characters and signs that turn the direction of text are made visible', () => {
  assert.equal(printable('a\u001b[31mb\u202ec\r\n\td'), 'a\ufffd[31mb\ufffdc\ufffd\n\td');
});

test('tables and facts leave no blanks at the ends of lines', () => {
  const text =
    table(
      ['A', 'B'],
      [
        ['x', ''],
        ['yy', 'z'],
      ],
    ) +
    facts([
      ['name', 'value\nmore'],
      ['empty', ''],
      ['none', null],
    ]);
  assert.equal(text, 'A    B\nx\nyy   z\nname   value\n       more\n');
});

test('of the platform’s log a person sees warnings and faults, and lines that are no JSON', () => {
  assert.equal(warningText('{"level":30,"message":"ready"}'), undefined);
  assert.equal(
    warningText('simfleet: port-in-use: 127.0.0.1:8080 is taken'),
    undefined,
    'the end of the command tells it',
  );
  assert.equal(warningText('{"level":"info","message":"ready"}'), undefined);
  assert.equal(warningText('{"level":"warn","message":"slow"}'), 'platform warning: slow');
  assert.equal(warningText('{"level":50,"message":"lost","err":{"message":"EIO"}}'), 'platform error: lost (EIO)');
  assert.equal(warningText('(node:7) a warning of Node'), '(node:7) a warning of Node');
});
