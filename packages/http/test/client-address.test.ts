import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientAddresses } from '../src/limits/client-address.ts';

interface Case {
  readonly what: string;
  readonly peer?: string;
  readonly forwarded?: string;
  readonly trusted?: readonly string[];
  readonly expected: string;
}

const proxies = ['10.0.0.0/8', 'fd00::/8', 'loopback'];

const cases: readonly Case[] = [
  { what: 'a peer alone', peer: '198.51.100.7', expected: '198.51.100.7' },
  {
    what: 'a forged header when nobody is trusted',
    peer: '198.51.100.7',
    forwarded: '1.1.1.1',
    expected: '198.51.100.7',
  },
  {
    what: 'a forged header of a peer that is not trusted',
    ...{ peer: '198.51.100.7', forwarded: '1.1.1.1', trusted: proxies, expected: '198.51.100.7' },
  },
  { what: 'a trusted proxy', peer: '10.1.2.3', forwarded: '203.0.113.9', trusted: proxies, expected: '203.0.113.9' },
  {
    what: 'several trusted hops',
    ...{ peer: '127.0.0.1', forwarded: '203.0.113.9, 10.0.0.4, 10.0.0.5', trusted: proxies, expected: '203.0.113.9' },
  },
  {
    what: 'what the client wrote before the proxies',
    ...{ peer: '10.0.0.5', forwarded: '1.1.1.1, 203.0.113.9', trusted: proxies, expected: '203.0.113.9' },
  },
  {
    what: 'a proxy that claims to be trusted further out',
    ...{ peer: '10.0.0.5', forwarded: '10.9.9.9, 203.0.113.9', trusted: proxies, expected: '203.0.113.9' },
  },
  { what: 'proxies only', peer: '10.0.0.5', forwarded: '10.0.0.7', trusted: proxies, expected: '10.0.0.7' },
  { what: 'garbage', peer: '10.0.0.5', forwarded: 'garbage', trusted: proxies, expected: '10.0.0.5' },
  {
    what: 'a number that some parsers take for an address',
    peer: '10.0.0.5',
    forwarded: '3405803785',
    trusted: proxies,
    expected: '10.0.0.5',
  },
  { what: 'an empty header', peer: '10.0.0.5', forwarded: '', trusted: proxies, expected: '10.0.0.5' },
  {
    what: 'garbage in front',
    peer: '10.0.0.5',
    forwarded: 'x, 203.0.113.9',
    trusted: proxies,
    expected: '203.0.113.9',
  },
  {
    what: 'a hop with a port',
    peer: '10.0.0.5',
    forwarded: '203.0.113.9:4711',
    trusted: proxies,
    expected: '203.0.113.9',
  },
  {
    what: 'a hop in brackets with a port',
    peer: '10.0.0.5',
    forwarded: '[2001:db8::1]:4711',
    trusted: proxies,
    expected: '2001:db8:0:0::/64',
  },
  { what: 'IPv6, by its /64', peer: '2001:db8:1:2:3:4:5:6', expected: '2001:db8:1:2::/64' },
  { what: 'IPv6 of the same /64 written otherwise', peer: '2001:0DB8:1:2::9', expected: '2001:db8:1:2::/64' },
  { what: 'IPv4 written as IPv6', peer: '::ffff:198.51.100.7', expected: '198.51.100.7' },
  { what: 'IPv4 written as IPv6 in hexadecimal', peer: '::ffff:c633:6407', expected: '198.51.100.7' },
  {
    what: 'a trusted IPv4 peer written as IPv6',
    ...{ peer: '::ffff:10.0.0.5', forwarded: '203.0.113.9', trusted: proxies, expected: '203.0.113.9' },
  },
  { what: 'a zone', peer: 'fe80::1%eth0', expected: 'fe80:0:0:0::/64' },
  {
    what: 'IPv6 through an IPv6 proxy',
    peer: 'fd00::1',
    forwarded: '2001:db8::9',
    trusted: proxies,
    expected: '2001:db8:0:0::/64',
  },
  { what: 'a connection that is gone', expected: 'unknown' },
];

for (const { what, peer, forwarded, trusted = [], expected } of cases) {
  test(`the client's address with ${what} is ${expected}`, () => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    assert.equal(clientAddresses(trusted)({ headers, remoteAddress: peer }), expected);
  });
}

test('a trusted proxy that is no address is refused at the start', () => {
  for (const trusted of ['everyone', '10.0.0.0/33', '10.0.0.256', ''])
    assert.throws(() => clientAddresses([trusted]), { code: 'invalid-configuration' });
});

test('an address that was seen before is read as one that was not, through a flood of others', () => {
  const used = clientAddresses([]);
  const network = (index: number): string => (index % 2_000).toString(16);
  for (let index = 0; index < 25_000; index += 1) {
    const text = [
      `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      `2001:db8:${network(index)}::${network(index)}`,
    ];
    assert.deepEqual(
      text.map((remoteAddress) => used({ headers: {}, remoteAddress })),
      [text[0], `2001:db8:${network(index)}:0::/64`],
    );
  }
  const zoned = `fe80::1%${'x'.repeat(100)}`;
  const odd = ['garbage', '', '::ffff:10.0.0.1', '10.0.0.1', zoned, '2001:DB8::1', undefined];
  for (const remoteAddress of [...odd, ...odd])
    assert.equal(used({ headers: {}, remoteAddress }), clientAddresses([])({ headers: {}, remoteAddress }));
});
