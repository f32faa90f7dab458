import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPodEnvironment } from '../../src/container/pod-environment.ts';

const whole = {
  SIMFLEET_URL: 'https://platform:8080',
  SIMFLEET_JOB_ID: 'job-1',
  SIMFLEET_SHARD: '7',
  SIMFLEET_ATTEMPT: '2',
  SIMFLEET_TOKEN_FILE: '/token',
};

const expected = { url: 'https://platform:8080', jobId: 'job-1', shard: 7, attempt: 2, tokenFile: '/token' };

test('a whole environment is taken as it is', () => {
  assert.deepEqual(readPodEnvironment(whole), { environment: expected });
});

test('an annotation that is not there leaves an empty variable, which counts as not set', () => {
  const sparse = {
    ...whole,
    SIMFLEET_ATTEMPT: '',
    SIMFLEET_TOKEN_FILE: ' ',
    SIMFLEET_SHARD: '',
    JOB_COMPLETION_INDEX: '3',
  };
  assert.deepEqual(readPodEnvironment(sparse), {
    environment: { ...expected, shard: 3, attempt: 0, tokenFile: '/var/run/secrets/simfleet/token' },
  });
});

const mistakes: readonly (readonly [string, Readonly<Record<string, string>>, readonly RegExp[]])[] = [
  ['nothing at all', {}, [/^SIMFLEET_URL is not set/, /^SIMFLEET_JOB_ID is not set/, /^SIMFLEET_SHARD is not set/]],
  ['an address without a scheme', { ...whole, SIMFLEET_URL: 'platform:8080' }, [/^SIMFLEET_URL is no http or https/]],
  ['an address of another kind', { ...whole, SIMFLEET_URL: 'ftp://platform' }, [/^SIMFLEET_URL is no http or https/]],
  ['a shard that is no count', { ...whole, SIMFLEET_SHARD: '-1' }, [/^SIMFLEET_SHARD is no count: «-1»/]],
  ['an attempt that is no count', { ...whole, SIMFLEET_ATTEMPT: '1e3' }, [/^SIMFLEET_ATTEMPT is no count: «1e3»/]],
];
for (const [title, variables, patterns] of mistakes) {
  test(`refuses ${title}, and says all that is wrong`, () => {
    const read = readPodEnvironment(variables);
    assert.ok('mistakes' in read);
    assert.equal(read.mistakes.length, patterns.length);
    patterns.forEach((pattern, index) => assert.match(read.mistakes[index] ?? '', pattern));
  });
}
