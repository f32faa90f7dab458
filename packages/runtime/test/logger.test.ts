import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingLogger } from '@simfleet/testing';
import { createLogger } from '../src/index.ts';

test('an entry is one line of JSON with time and level as words', () => {
  const { logger, lines, entries } = recordingLogger();
  logger.child({ module: 'jobs' }).info({ jobId: 'job-1' }, 'line one\nline two');
  const [entry] = entries();
  assert.equal(lines[0]?.split('\n').length, 2);
  assert.equal(entry?.level, 'info');
  assert.equal(entry.message, 'line one\nline two');
  assert.match(String(entry.time), /^\d{4}-\d\d-\d\dT.*Z$/);
});

test('secrets that reach the logger by accident are not written', () => {
  const { logger, lines } = recordingLogger();
  const secret = 'a-secret-that-must-not-be-seen';
  logger.info({ token: secret, headers: { authorization: `Bearer ${secret}` } });
  logger.info({ request: { headers: { authorization: secret, cookie: secret } }, user: { password: secret } });
  assert.equal(lines.length, 2);
  assert.doesNotMatch(lines.join(''), new RegExp(secret));
});

test('pretty entries stay one line, without control characters of the message', () => {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    pretty: true,
    destination: { write: (line) => void lines.push(line) },
  });
  logger.info({ port: 8080, module: 'http' }, 'listening\n\u001b[31mred');
  assert.match(lines.join(''), /^\d\d:\d\d:\d\d\.\d{3} info {2}http: listening {2}\[31mred port=8080\n$/);
});
