import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanAddress, cleanUserAgent, originOf } from '../../../lambdas/domain/client-description.ts';

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'Mozilla/5.0 AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
  ],
  ['curl/8.14.1', 'curl/8.14.1'],
  ["O'Brien, born 1984-02-29", ''],
  ['219-09-9999', ''],
  ['MRN/219099999 SSN/219.09.99990000', ''],
  ['curl/8.1.2.3.4', ''],
  ['x/1 '.repeat(500), 'x/1 x/1 x/1 x/1 x/1 x/1'],
  [undefined, ''],
  [null, ''],
])('of the user agent %j %j is kept', (header, kept) => {
  expect(cleanUserAgent(header)).toBe(kept);
});

test('whatever is sent, what is kept is short and of product tokens', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (header) => {
      expect(cleanUserAgent(header)).toMatch(/^[A-Za-z0-9._/ -]{0,260}$/);
    }),
  );
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8::1', '2001:db8::1'],
  ['203.0.113.7, 10.0.0.1', 'unknown'],
  ['<script>', 'unknown'],
  [undefined, 'unknown'],
])('of the address %j %j is kept', (address, kept) => {
  expect(cleanAddress(address)).toBe(kept);
});

test('an address is a text', () => {
  expect(cleanAddress('203.0.113.7')).toBe('203.0.113.7');
  expect(cleanAddress(['203.0.113.7'])).toBe('unknown');
});

test.each([
  ['203.0.113.7', '203.0.113.0/24'],
  ['203.0.113.255', '203.0.113.0/24'],
  ['203.0.114.7', '203.0.114.0/24'],
  ['::ffff:203.0.113.7', '203.0.113.0/24'],
  ['::ffff:cb00:7107', '203.0.113.0/24'],
  ['::ffff:203.0.3.7', '203.0.3.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  ['2001:DB8:0001:ffff::1', '2001:db8:1::/48'],
  ['2001:db8:2::1', '2001:db8:2::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['2001::7', '2001:0:0::/48'],
  ['::1', '0:0:0::/48'],
  ['fe80::1%eth0', 'fe80:0:0::/48'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0::/48'],
  ['unknown', 'unknown'],
  ['', 'unknown'],
])('the address %s is of the network %s', (sourceAddress, network) => {
  expect(originOf({ sourceAddress, userAgent: '' }).network).toBe(network);
});

test('two addresses are of one IPv6 network exactly when their first 48 bits are the same', () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
  const groups = (count: number) => fc.array(group, { minLength: count, maxLength: count });
  const of = (parts: readonly string[]) =>
    originOf({ sourceAddress: cleanAddress(parts.join(':')), userAgent: '' }).network;
  fc.assert(
    fc.property(groups(3), groups(5), groups(5), groups(3), (site, one, other, elsewhere) => {
      fc.pre(site.join(':') !== '0:0:0' && elsewhere.join(':') !== '0:0:0');
      expect(of([...site, ...one])).toBe(of([...site, ...other]));
      expect(of([...site, ...one]) === of([...elsewhere, ...one])).toBe(site.join() === elsewhere.join());
    }),
  );
});

test.each([
  [
    'Mozilla/5.0 AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
    'Mozilla/5 AppleWebKit/537 Chrome/140 Safari/537',
  ],
  [
    'Mozilla/5.0 AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36',
    'Mozilla/5 AppleWebKit/537 Chrome/141 Safari/537',
  ],
  ['curl/8.14.1', 'curl/8'],
  ['curl/8', 'curl/8'],
  ['org.example.app/2.1 curl/8.1', 'org.example.app/2 curl/8'],
  ['', ''],
])('the software %j is the agent %j', (userAgent, agent) => {
  expect(originOf({ sourceAddress: '203.0.113.7', userAgent }).agent).toBe(agent);
});
