import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimfleetError } from '@simfleet/contracts';
import { z } from 'zod';
import { checkConfiguration, describeOptions, loadConfiguration } from '../src/index.ts';
import type { ConfigurationSources } from '../src/index.ts';

const dataDir = z.string().default('.simfleet').describe('Where everything lives.');
const parts = {
  http: z.object({
    port: z.int().min(0).max(65_535).default(8080).describe('Port to listen on.'),
    openDocs: z.boolean().default(true).describe('Serve the documentation.'),
    origins: z.array(z.string()).default([]).describe('Allowed origins.'),
  }),
  storage: z.object({
    dataDir,
    driver: z.enum(['sqlite', 'memory']).default('sqlite').describe('Which store.'),
    password: z.string().min(12).optional().describe('Of the store.').meta({ secret: true }),
    cacheMb: z.int().nullable().default(null).describe('Cache.'),
  }),
  executor: z.object({ dataDir }),
};

const load = (sources: ConfigurationSources) => loadConfiguration(parts, sources).values;
const file = (text: string): ConfigurationSources => ({
  flags: ['--config', 'simfleet.yaml'],
  readFile: (path) => (path === 'simfleet.yaml' ? text : assert.fail(`read ${path}`)),
});
const errorsOf = (sources: ConfigurationSources) =>
  checkConfiguration(parts, sources).errors.map(({ path, message }) => `${path}: ${message}`);

test('without sources every option has its default', () => {
  assert.deepEqual(load({}), {
    http: { port: 8080, openDocs: true, origins: [] },
    storage: { dataDir: '.simfleet', driver: 'sqlite', cacheMb: null },
    executor: { dataDir: '.simfleet' },
  });
});

test('a flag wins over a variable, a variable over the file, the file over the default', () => {
  const config = file('port: 1\ncache-mb: 1\ndriver: memory\n');
  const values = load({
    ...config,
    flags: [...(config.flags ?? []), '--port', '3'],
    environment: { SIMFLEET_PORT: '2', SIMFLEET_CACHE_MB: '2' },
  });
  assert.equal(values.http.port, 3);
  assert.equal(values.storage.cacheMb, 2);
  assert.equal(values.storage.driver, 'memory');
});

test('an option that two modules share reaches both', () => {
  const values = load({ flags: ['--data-dir=/data'] });
  assert.equal(values.storage.dataDir, '/data');
  assert.equal(values.executor.dataDir, '/data');
});

test('two modules that declare one name differently are a fault of the program', () => {
  const clashing = { a: z.object({ port: z.int().default(1) }), b: z.object({ port: z.int().default(2) }) };
  assert.throws(() => loadConfiguration(clashing, {}), { code: 'internal' });
});

const readings = [
  { flags: ['--open-docs=false'], part: 'http', key: 'openDocs', value: false },
  { flags: ['--open-docs', 'false'], part: 'http', key: 'openDocs', value: false },
  { flags: ['--no-open-docs'], part: 'http', key: 'openDocs', value: false },
  { flags: ['--no-open-docs', '--open-docs'], part: 'http', key: 'openDocs', value: true },
  { flags: ['--origins', 'a, b'], part: 'http', key: 'origins', value: ['a', 'b'] },
  { flags: ['--origins', 'a', '--origins=b'], part: 'http', key: 'origins', value: ['a', 'b'] },
  { flags: ['--origins', '["a,b"]'], part: 'http', key: 'origins', value: ['a,b'] },
  { flags: ['--cache-mb', 'null'], part: 'storage', key: 'cacheMb', value: null },
  { flags: ['--data-dir', '8080'], part: 'storage', key: 'dataDir', value: '8080' },
] as const;
for (const { flags, part, key, value } of readings) {
  test(`${flags.join(' ')} means ${JSON.stringify(value)}`, () => {
    const values = load({ flags }) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    assert.deepEqual(values[part]?.[key], value);
  });
}

const mistakes = [
  { name: 'a misspelt flag', sources: { flags: ['--prot', '1'] }, expected: /^--prot: .*did you mean "--port"/ },
  { name: 'a flag without its value', sources: { flags: ['--port'] }, expected: /^--port: needs a value/ },
  { name: 'an argument that is no flag', sources: { flags: ['up'] }, expected: /^arguments: only flags/ },
  { name: 'a number that is none', sources: { flags: ['--port', 'http'] }, expected: /^--port: .*number/ },
  { name: 'an empty number', sources: { environment: { SIMFLEET_PORT: '' } }, expected: /^SIMFLEET_PORT: .*number/ },
  { name: 'a number out of range', sources: { environment: { SIMFLEET_PORT: '70000' } }, expected: /^SIMFLEET_PORT: / },
  { name: 'a choice that is none', sources: { flags: ['--driver', 'mysql'] }, expected: /^--driver: .*"sqlite"/ },
  { name: 'a misspelt key', sources: file('cache_mb: 3'), expected: /^simfleet.yaml: cache_mb: .*"cache-mb"/ },
  { name: 'a file that is a list', sources: file('- port'), expected: /^simfleet.yaml: must hold a map/ },
  { name: 'broken YAML', sources: file('password: [hunter2'), expected: /^simfleet.yaml: (?![^]*hunter2)/ },
  { name: 'a wrong item of a list', sources: file('origins: [a, 3]'), expected: /^simfleet.yaml: origins\/1: / },
];
for (const { name, sources, expected } of mistakes) {
  test(`${name} is an error that names it`, () => {
    const [first = '', ...others] = errorsOf(sources);
    assert.match(first, expected);
    assert.ok(others.every((other) => other !== first));
  });
}

test('a file that cannot be read is an error that names it', () => {
  const readFile = (): string => {
    throw new Error('ENOENT: no such file');
  };
  assert.deepEqual(errorsOf({ flags: ['--config', 'nowhere.yaml'], readFile }), ['nowhere.yaml: ENOENT: no such file']);
});

test('an unknown variable of ours is a warning with the nearest name; those of others are not looked at', () => {
  const { loaded, errors } = checkConfiguration(parts, {
    environment: { SIMFLEET_PROT: '1', SIMFLEET_URL: 'x', PATH: '/bin', PORT: '1' },
    otherVariables: ['SIMFLEET_URL'],
  });
  assert.deepEqual(errors, []);
  assert.deepEqual(
    loaded.warnings.map(({ path, message }) => `${path}: ${message}`),
    ['SIMFLEET_PROT: no option has this variable; did you mean "SIMFLEET_PORT"?'],
  );
});

test('all mistakes come at once', () => {
  const sources = { flags: ['--port', '-1', '--drivr', 'x'], environment: { SIMFLEET_OPEN_DOCS: 'maybe' } };
  assert.throws(
    () => load(sources),
    (error: SimfleetError) => {
      assert.equal(error.code, 'invalid-configuration');
      assert.deepEqual(error.mistakes.map(({ pointer }) => pointer).toSorted(), [
        '--drivr',
        '--port',
        'SIMFLEET_OPEN_DOCS',
      ]);
      return true;
    },
  );
});

test('a secret is in no error and not in what is shown', () => {
  const short = checkConfiguration(parts, { flags: ['--password', 'hunter2'] });
  assert.equal(short.errors.length, 1);
  assert.doesNotMatch(JSON.stringify(short.errors), /hunter2/);
  const { shown } = loadConfiguration(parts, { environment: { SIMFLEET_PASSWORD: 'correct horse battery' } });
  assert.deepEqual(
    shown.find(({ name }) => name === 'password'),
    { name: 'password', value: '[hidden]', origin: 'SIMFLEET_PASSWORD' },
  );
});

test('a secret may be in a file, by flag, variable or key, without the line end; the order of rank is the usual one', () => {
  const files: Readonly<Record<string, string>> = {
    secret: 'correct horse battery\n',
    'simfleet.yaml': 'password-file: secret',
  };
  const readFile = (path: string): string => files[path] ?? assert.fail(`read ${path}`);
  const passwordOf = (sources: ConfigurationSources) => load({ ...sources, readFile }).storage.password;
  assert.equal(passwordOf({ flags: ['--password-file', 'secret'] }), 'correct horse battery');
  assert.equal(passwordOf({ environment: { SIMFLEET_PASSWORD_FILE: 'secret' } }), 'correct horse battery');
  assert.equal(passwordOf({ flags: ['--config', 'simfleet.yaml'] }), 'correct horse battery');
  const both = { environment: { SIMFLEET_PASSWORD_FILE: 'secret' }, flags: ['--password', 'from the flag'] };
  assert.equal(passwordOf(both), 'from the flag');
});

test('a file of a secret that is empty, missing or beside the secret itself is an error that does not tell the secret', () => {
  const files: Readonly<Record<string, string>> = {
    empty: '\n',
    short: 'hunter2',
    secret: 'correct horse battery',
    two: 'correct horse\nbattery staple\n',
  };
  const readFile = (path: string): string => {
    if (files[path] === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' });
    return files[path];
  };
  const errors = (...flags: readonly string[]) => errorsOf({ flags, readFile });
  assert.deepEqual(errors('--password-file', 'empty'), ['--password-file: empty is empty']);
  assert.deepEqual(errors('--password-file', 'missing'), ['--password-file: missing cannot be read (ENOENT)']);
  assert.deepEqual(errors('--password-file', 'secret', '--password', 'correct horse battery'), [
    '--password-file: was given beside --password: give one of them',
  ]);
  assert.deepEqual(errors('--password-file', 'two'), ['--password-file: two holds more than one line']);
  const [fault, ...others] = errors('--password-file', 'short');
  assert.deepEqual(others, []);
  assert.match(fault ?? '', /^--password-file: /);
  assert.doesNotMatch(fault ?? '', /hunter2/);
});

test('the reference has a row for every option', () => {
  const rows = describeOptions(parts);
  assert.deepEqual(
    rows.map(({ flag, variable, type, default: value }) => [flag, variable, type, value]),
    [
      ['--port', 'SIMFLEET_PORT', 'integer', '8080'],
      ['--open-docs', 'SIMFLEET_OPEN_DOCS', 'boolean', 'true'],
      ['--origins', 'SIMFLEET_ORIGINS', 'array', '[]'],
      ['--data-dir', 'SIMFLEET_DATA_DIR', 'string', '".simfleet"'],
      ['--driver', 'SIMFLEET_DRIVER', '"sqlite" | "memory"', '"sqlite"'],
      ['--password', 'SIMFLEET_PASSWORD', 'string', ''],
      ['--password-file', 'SIMFLEET_PASSWORD_FILE', 'string', ''],
      ['--cache-mb', 'SIMFLEET_CACHE_MB', 'integer | null', 'null'],
      ['--data-dir', 'SIMFLEET_DATA_DIR', 'string', '".simfleet"'],
    ],
  );
  assert.ok(rows.every(({ description }) => description !== ''));
  assert.equal(rows.find(({ key }) => key === 'password')?.secret, true);
});
