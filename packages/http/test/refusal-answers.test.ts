import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import type { Rule } from '@simfleet/rate-limit';
import fc from 'fast-check';
import { renderedProblem } from '../src/answer/send.ts';
import type { Decided } from '../src/limits/limit-headers.ts';
import { createRefusalAnswers } from '../src/limits/refusal-answers.ts';
import { refusalOf } from '../src/limits/refusal.ts';

const decided = (rule: Rule, wait: number | null): Decided => ({
  charge: { rule, key: 'ann' },
  decision: { allowed: wait === 0, limit: 1, remaining: 0, resetMs: 1, retryAfterMs: wait, at: 0 },
});

/** What the answer would put on the wire. */
const answered = (answer: ReturnType<typeof createRefusalAnswers>, all: readonly Decided[]) => {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  let body = '';
  response.end = (chunk: unknown) => {
    body = String(chunk);
    return response;
  };
  answer(response, all);
  return { status: response.statusCode, headers: { ...response.getHeaders() }, body };
};

const rule: Rule = { name: 'calls', algorithm: 'sliding-log', limit: 100, windowMs: 60_000 };
const waits = fc.oneof(fc.constant(null), fc.constant(0), fc.integer({ min: 1, max: 2 ** 40 }));

test('a refusal from cached parts is the problem document, whatever the names, the rules and their order', () => {
  const answer = createRefusalAnswers();
  // Few rules, so that most are met again; names that JSON escapes and that are several bytes long.
  const rules = ['calls', 'cal"l\\s', 'größe\n\u2028😀', '$&$1', ''].flatMap((name): readonly Rule[] => [
    { ...rule, name },
    { ...rule, name, limit: 7 },
    { name, algorithm: 'concurrency', limit: 2, leaseMs: 1000 },
  ]);
  const lists = fc.array(fc.tuple(fc.constantFrom(...rules), waits), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(lists, (list) => {
      const all = list.map(([each, wait]) => decided(each, wait));
      const refusal = refusalOf(all);
      if (refusal === null) return;
      const { status, headers, body } = answered(answer, all);
      const { instance } = JSON.parse(body) as { readonly instance: string };
      assert.match(instance, /^[0-9a-f-]{36}$/);
      const whole = renderedProblem(refusal, instance);
      assert.equal(body, whole.body);
      assert.equal(status, whole.status);
      // Retry-After is among the headers of limits.
      const { 'retry-after': _wait, ...others } = whole.headers;
      assert.deepEqual(headers, { ...others, 'content-length': Buffer.byteLength(body) });
    }),
    { numRuns: 1000 },
  );
});

test('each refusal has an instance of its own, and a changed rule of the same name tells its own limit', () => {
  const answer = createRefusalAnswers();
  const [first, again, changed] = [rule, rule, { ...rule, limit: 5 }].map(
    (each) =>
      JSON.parse(answered(answer, [decided(each, 1001)]).body) as {
        readonly detail: string;
        readonly instance: string;
      },
  );
  assert.notEqual(first?.instance, again?.instance);
  assert.equal(again?.detail, 'the limit "calls" (100 in 60 s) is reached: try again in 2 s');
  assert.equal(changed?.detail, 'the limit "calls" (5 in 60 s) is reached: try again in 2 s');
});
