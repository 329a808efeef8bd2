import { expect, test } from 'vitest';
import { grantOf, isMember, withGrant } from '../../../lambdas/domain/access-item.ts';

const relationship = { member: 'member', period: 'period' };
const member = '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11';
const grants = (start: string, end?: string) => ({
  grants: { A: { member, start, ...(end && { end }) } },
});
const at = (text: string) => new Date(text);

test('a relationship gives its member access from its start on, until before its end', () => {
  const content = grants('2026-01-05T08:00:00Z', '2026-01-06T08:00:00Z');
  expect(isMember(content, member, at('2026-01-05T07:59:59.999Z'))).toBe(false);
  expect(isMember(content, member, at('2026-01-05T08:00:00Z'))).toBe(true);
  expect(isMember(content, member, at('2026-01-06T07:59:59.999Z'))).toBe(true);
  expect(isMember(content, member, at('2026-01-06T08:00:00Z'))).toBe(false);
});

test('without an end it lasts', () => {
  expect(isMember(grants('2026-01-05T08:00:00Z'), member, at('2099-01-01T00:00:00Z'))).toBe(true);
});

test('times are compared as instants, not as text', () => {
  const content = grants('2026-01-05T08:00:00+10:00', '2026-01-05T00:30:00-01:00');
  expect(isMember(content, member, at('2026-01-04T23:00:00Z'))).toBe(true);
  expect(isMember(content, member, at('2026-01-05T01:00:00Z'))).toBe(true);
  expect(isMember(content, member, at('2026-01-05T02:00:00Z'))).toBe(false);
});

test('a time that cannot be read gives no access', () => {
  expect(isMember(grants('then'), member, at('2026-01-05T08:00:00Z'))).toBe(false);
  expect(isMember(grants('2026-01-01T00:00:00Z', 'then'), member, at('2026-01-05T08:00:00Z'))).toBe(false);
});

test('another person has none; one of several relationships is enough', () => {
  const content = withGrant(grants('2026-01-05T08:00:00Z', '2026-01-06T08:00:00Z'), 'B', {
    member,
    start: '2026-02-01T00:00:00Z',
  });
  expect(isMember(content, member, at('2026-02-02T00:00:00Z'))).toBe(true);
  expect(isMember(content, '00000000-7a52-4d7e-9a55-0c3f5f0e9b11', at('2026-02-02T00:00:00Z'))).toBe(false);
});

test('subjects are compared without regard to case', () => {
  const grant = grantOf(relationship, {
    member: member.toUpperCase(),
    period: { start: '2026-01-05T08:00:00Z' },
  });
  expect(grant.member).toBe(member);
  expect(isMember({ grants: { A: grant } }, member.toUpperCase(), at('2026-01-06T00:00:00Z'))).toBe(true);
});

test("a record's grant replaces its earlier one, and leaves the others", () => {
  const first = withGrant({ grants: {} }, 'A', { member, start: '2026-01-01T00:00:00Z' });
  const ended = withGrant(withGrant(first, 'B', { member: 'b', start: 's' }), 'A', {
    member,
    start: '2026-01-01T00:00:00Z',
    end: '2026-01-02T00:00:00Z',
  });
  expect(Object.keys(ended.grants)).toEqual(['A', 'B']);
  expect(ended.grants.A?.end).toBe('2026-01-02T00:00:00Z');
});

test.each([{}, { member }, { period: { start: '2026-01-05T08:00:00Z' } }, { member, period: {} }])(
  'a record without member or start gives no grant',
  (values) => {
    expect(() => grantOf(relationship, values)).toThrow('not a relationship');
  },
);
