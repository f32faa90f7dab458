import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimfleetError } from '@simfleet/contracts';
import fc from 'fast-check';
import { faultPosition } from '../src/request/json-fault.ts';
import { parseStrictJson } from '../src/request/strict-json.ts';

const parse = (text: string | Uint8Array): unknown => parseStrictJson(Buffer.from(text as string));

test('every JSON value without repeated members comes back as JSON.parse reads it, however it is spaced', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const text = JSON.stringify(value, null, space);
      if (text.includes('"__proto__"')) return;
      assert.deepEqual(parse(text), JSON.parse(text));
    }),
  );
});

test('strings that look like structure are only strings', () => {
  for (const text of [
    String.raw`{"a":"\"b\":{","c":"\\"}`,
    String.raw`["{\"a\":1,\"a\":2}","[[[["]`,
    '{"a:b":":","c":"}"}',
  ]) {
    assert.deepEqual(parse(text), JSON.parse(text));
  }
});

const refused = [
  { name: 'a member given twice', text: '{"a":1,"a":2}', pointers: ['/a'] },
  { name: 'a member given twice, spelt otherwise', text: String.raw`{"a":1,"\u0061":2}`, pointers: ['/a'] },
  { name: 'a member given twice far inside', text: '{"x":[0,{"y":{"a":1,"b":2,"a":3}}]}', pointers: ['/x/1/y/a'] },
  { name: 'two members given twice', text: '[{"a":1,"a":1},{"b/c":1,"b/c":1}]', pointers: ['/0/a', '/1/b~1c'] },
  { name: 'a member given three times', text: '{"a":1,"a":2,"a":3}', pointers: ['/a', '/a'] },
  { name: 'a member called __proto__', text: '{"spec":{"__proto__":{"admin":true}}}', pointers: ['/spec/__proto__'] },
  { name: 'a member called __proto__, escaped', text: String.raw`{"\u005f_proto__":1}`, pointers: ['/__proto__'] },
];
for (const { name, text, pointers } of refused) {
  test(`${name} is a mistake of its own`, () => {
    assert.throws(
      () => parse(text),
      (error: SimfleetError) => {
        assert.equal(error.code, 'invalid-request');
        assert.deepEqual(
          error.mistakes.map(({ pointer }) => pointer),
          pointers,
        );
        return true;
      },
    );
  });
}

const broken = [
  { name: 'a missing value', text: '{\n  "a":\n}', where: /line 3, column 1 \(position 9\)/ },
  {
    name: 'a missing colon',
    text: '{"a" 1}',
    where: /Expected ':' after property name at line 1, column 6 \(position 5\)/,
  },
  { name: 'an end too soon', text: '{"a": [1, 2', where: /line 1, column 12 \(position 11\)/ },
  { name: 'a string without end', text: '{"a": "b', where: /Unterminated string/ },
  { name: 'NaN', text: '{"a": NaN}', where: /position 6/ },
  { name: 'Infinity', text: '{"a": Infinity}', where: /position 6/ },
  { name: 'a comma too many', text: '[1,]', where: /position 3/ },
  { name: 'two values', text: '{} {}', where: /position 3/ },
  { name: 'nothing but space', text: '  ', where: /position 2/ },
  { name: 'a comment', text: '// x\n{}', where: /position 0/ },
  { name: 'deep nesting', text: '['.repeat(100_000), where: /nested deeper than 64/ },
  { name: 'deep nesting that is closed', text: '['.repeat(65) + ']'.repeat(65), where: /nested deeper than 64/ },
];
for (const { name, text, where } of broken) {
  test(`${name} is no JSON, and the position is told`, () => {
    assert.throws(
      () => parse(text),
      (error: SimfleetError) => {
        assert.equal(error.code, 'malformed-body');
        assert.match(error.detail, where);
        return true;
      },
    );
  });
}

for (const bytes of [
  [0x22, 0xff, 0x22],
  [0x22, 0xc0, 0xaf, 0x22],
  [0x22, 0xed, 0xa0, 0x80, 0x22],
  [0x22, 0xe2, 0x82],
]) {
  test(`bytes ${Buffer.from(bytes).toString('hex')} are no UTF-8`, () => {
    assert.throws(() => parseStrictJson(Uint8Array.from(bytes)), { code: 'malformed-body', detail: /UTF-8/ });
  });
}

test('the place of a fault is where the text stops being JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(), fc.constantFrom(undefined, 2), (value, cut, space) => {
      const text = JSON.stringify({ value }, null, space);
      const at = cut % text.length;
      // A letter that is at home nowhere outside a string; inside one it changes nothing.
      const planted = `${text.slice(0, at)}§${text.slice(at)}`;
      try {
        JSON.parse(planted);
      } catch {
        const found = faultPosition(planted);
        // Words, numbers and escapes are at fault as a whole.
        assert.ok(found <= at && text.slice(found, at).match(/^\\?[a-z0-9.eE+-]*$/) !== null, `${planted} ${found}`);
      }
    }),
  );
});

for (const [text, at] of [
  ['{"a":"x\\§"}', 7],
  ['{"a":"x\\u12g4"}', 7],
  ['{"a":"x\ny"}', 7],
  ['{"a":"x', 7],
  ['{"a\\!":1}', 3],
  ['{"a" 1}', 5],
] as const) {
  test(`the fault of ${JSON.stringify(text)} is found at ${at}`, () => assert.equal(faultPosition(text), at));
}

test('a fault behind a long string is found', () => {
  const long = 'x\\n😀'.repeat(200_000);
  assert.equal(faultPosition(`{"a":"${long}",}`), 8 + long.length);
});

test('characters outside the basic plane and a byte order mark are read', () => {
  assert.deepEqual(parse('\ufeff{"😀":"𝄞"}'), { '😀': '𝄞' });
});
