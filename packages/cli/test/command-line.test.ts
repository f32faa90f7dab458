import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorTable } from '@simfleet/contracts';
import { nearest } from '../src/did-you-mean.ts';
import { variables } from '../src/environment.ts';
import { exitCodes, exitForError, exitForResult } from '../src/exit-codes.ts';
import { createProgram } from '../src/program.ts';
import { aResult } from './support/builders.ts';
import { recordedTerminal, simfleet } from './support/terminal.ts';

const commands = createProgram({
  terminal: recordedTerminal(),
  session: () => assert.fail('nothing is asked for'),
  end: () => undefined,
}).commands;

const wrongWords: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['an unknown command', ['aply'], /unknown command 'aply'\n\(Did you mean apply\?\)/],
  ['an unknown option', ['get', 'jobs', '--sate', 'Running'], /unknown option '--sate'\n\(Did you mean --state\?\)/],
  ['a missing file', ['run'], /required option '-f, --file <file>' not specified/],
  ['a missing argument', ['watch'], /missing required argument 'job'/],
  [
    'an unknown form of output',
    ['get', 'jobs', '-o', 'jsn'],
    /--output: must be table, json, yaml, name, not "jsn"; did you mean "json"\?/,
  ],
  ['an unknown kind', ['get', 'servces'], /no "servces"; did you mean "services"\?/],
  ['a kind without a name', ['describe', 'service'], /which of the services\? Add its name/],
  [
    'a filter that is not for services',
    ['get', 'services', '--state', 'Running'],
    /--state filters jobs, not services/,
  ],
  ['a limit of 0', ['get', 'jobs', '--limit', '0'], /"0" must be a whole number, at least 1/],
  ['a page of 0', ['get', 'jobs', '--page', '0'], /"0" must be a whole number, at least 1/],
  [
    'a page and a limit',
    ['get', 'jobs', '--page', '1', '--limit', '5'],
    /'--page <n>' cannot be used with option '--limit <n>'/,
  ],
  ['a total that there is not', ['get', 'jobs', '--total', 'all'], /Allowed choices are exact, capped, none/],
  ['a customer that is no name', ['get', 'jobs', '-c', 'A B'], /--customer: must be lower-case letters/],
  [
    'an address that is none',
    ['get', 'jobs', '--url', 'localhost:8080'],
    /"localhost:8080" is not the address of a platform/,
  ],
  ['credentials in the address', ['get', 'jobs', '--url', 'http://a:b@c'], /credentials do not belong in the address/],
  ['an extension by nothing', ['extend', 'a'], /needs --max-paths, --relative-error or --absolute-error/],
  [
    'an extension by a negative error',
    ['extend', 'a', '--relative-error', '-1'],
    /--relative-error: must be greater than 0/,
  ],
  ['an unknown shell', ['completion', 'csh'], /Allowed choices are bash, zsh, fish/],
  ['help on nothing there is', ['help', 'exit-cods'], /no help on "exit-cods"; did you mean "exit-codes"\?/],
];

for (const [name, words, message] of wrongWords)
  test(`${name} exits with 2, says what is wrong, and leaves standard output alone`, async () => {
    const { exit, stdout, stderr } = await simfleet(words);
    assert.equal(exit, 2);
    assert.equal(stdout, '');
    assert.match(stderr, message);
  });

test('a wrong variable is named as such', async () => {
  const { exit, stderr } = await simfleet(['get', 'jobs'], { env: { SIMFLEET_OUTPUT: 'xml' } });
  assert.equal(exit, 2);
  assert.match(stderr, /SIMFLEET_OUTPUT: must be table, json, yaml, name/);
});

test('a missing manifest exits with 3', async () => {
  const { exit, stderr } = await simfleet(['apply', '-f', 'none.yaml']);
  assert.equal(exit, 3);
  assert.equal(stderr, 'simfleet: none.yaml: there is no such file\n');
});

test('every command explains itself with examples', async () => {
  for (const command of commands.filter((each) => !['version', 'help'].includes(each.name()))) {
    const { exit, stdout } = await simfleet([command.name(), '--help']);
    assert.equal(exit, 0);
    assert.match(stdout, /Usage: simfleet /);
    assert.match(
      stdout,
      new RegExp(`Examples:[^]*simfleet ${command.name()}`),
      `${command.name()} has an example of its own`,
    );
    assert.equal((await simfleet(['help', command.name()])).stdout, stdout, 'help and --help say the same');
  }
});

test('help alone and --help list all commands', async () => {
  const { stdout } = await simfleet(['--help']);
  for (const command of commands) assert.match(stdout, new RegExp(`^  ${command.name()} `, 'm'));
  assert.equal((await simfleet(['help'])).stdout, stdout);
});

test('the topics of help show every exit code and every variable', async () => {
  const codes = (await simfleet(['help', 'exit-codes'])).stdout;
  for (const { code, meaning } of Object.values(exitCodes)) assert.ok(codes.includes(`${code}   ${meaning}`));
  const environment = (await simfleet(['help', 'environment'])).stdout;
  for (const [variable, meaning] of Object.entries(variables))
    assert.ok(environment.includes(variable) && environment.includes(meaning));
});

test('exit codes are different numbers, and every error has one that is not success', () => {
  const codes = Object.values(exitCodes).map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  for (const code of Object.keys(errorTable)) assert.notEqual(exitForError(code as keyof typeof errorTable), 'ok');
});

test('the end of a job decides the exit code', () => {
  const thresholds = [{ name: 'dear', verdict: 'Crossed' as const }];
  assert.equal(exitForResult(aResult(), true), 'ok');
  assert.equal(exitForResult(aResult({ thresholds }), false), 'ok');
  assert.equal(exitForResult(aResult({ thresholds }), true), 'thresholdCrossed');
  assert.equal(exitForResult(aResult({ thresholds, state: 'Failed' }), true), 'failed');
  assert.equal(exitForResult(aResult({ state: 'Cancelled' }), false), 'cancelled');
});

test('the nearest name is suggested, a far one is not', () => {
  assert.equal(nearest('confidnce', ['metric', 'confidence']), 'confidence');
  assert.equal(nearest('Asian-Cal', ['asian-call', 'asian-put']), 'asian-call');
  assert.equal(nearest('zzz', ['metric', 'confidence']), undefined);
});

test('without a platform the way to one is shown', async () => {
  const { exit, stderr } = await simfleet(['get', 'jobs']);
  assert.equal(exit, 5);
  assert.match(
    stderr,
    /no platform is running in \.simfleet: start one with `simfleet up`, run the job with `--embedded`/,
  );
});

test('an address without a token says how to log in', async () => {
  const { exit, stderr } = await simfleet(['get', 'jobs'], { env: { SIMFLEET_URL: 'https://simfleet.example.com' } });
  assert.equal(exit, 6);
  assert.match(
    stderr,
    /no token for https:\/\/simfleet\.example\.com: run `simfleet login https:\/\/simfleet\.example\.com`/,
  );
});

test('a token that cannot stand in a header is refused without being repeated', async () => {
  const env = { SIMFLEET_URL: 'https://simfleet.example.com', SIMFLEET_TOKEN: 'sécret word' };
  const { exit, stderr } = await simfleet(['get', 'jobs'], { env });
  assert.equal(exit, 6);
  assert.match(stderr, /SIMFLEET_TOKEN is not a token/);
  assert.doesNotMatch(stderr, /word/);
});
