import { describe, expect, test } from 'vitest';
import {
  forgettable,
  judgeSession,
  type SessionRecord,
  type SessionsItem,
} from '../../../lambdas/domain/judge-session.ts';
import { type Role, roles } from '../../../model/vocabulary.ts';

const now = 1_800_000_000;
const window = Math.floor(now / 60);
const live: SessionRecord = {
  status: 'active',
  roleVersion: 1,
  generation: 3,
  client: 'client',
  network: '203.0.113.0/24',
  agent: 'test',
  startedAt: now - 60,
  idleExpiresAt: now + 1,
  absoluteExpiresAt: now + 1,
};
const item = (change: Partial<SessionRecord> = {}, more: Partial<SessionsItem> = {}): SessionsItem => ({
  window,
  n: 99,
  generation: 3,
  sessions: { one: { ...live, ...change } },
  ...more,
});
const from = { network: live.network, agent: live.agent };
const judge = (stored: SessionsItem | undefined, session = 'one', origin = from) =>
  judgeSession(stored, { session, role: 'nurse', roleVersion: 1 }, origin, { window, now });

test.each([
  ['nothing is stored', undefined, 'unknown'],
  ['another session is stored', item({}, { sessions: { other: live } }), 'unknown'],
  ['it is live', item(), 'live'],
  ['it was ended', item({ status: 'ended' }), 'over'],
  ['the role changed', item({ roleVersion: 2 }), 'over'],
  ['all were ended since', item({ generation: 2 }), 'over'],
  ['those through its client were ended since', item({}, { 'ended#client': now - 60 }), 'over'],
  ['those through its client were ended before', item({}, { 'ended#client': now - 60.001 }), 'live'],
  ['those through another client were ended', item({}, { 'ended#other': now }), 'live'],
  ['it is idle', item({ idleExpiresAt: now }), 'over'],
  ['it is too old', item({ absoluteExpiresAt: now }), 'over'],
  ['the minute is full', item({}, { n: 100 }), 'limited'],
  ['the minute is over-full', item({}, { n: 101 }), 'limited'],
  ['a minute has passed', item({}, { window: window - 1, n: 100 }), 'earlier window'],
  ['another clock is ahead', item({}, { window: window + 1 }), 'later window'],
  ['it was ended, and the minute is full', item({ status: 'ended' }, { n: 100 }), 'over'],
] as const)('when %s it is %3$s', (_case, stored, verdict) => {
  expect(judge(stored)).toBe(verdict);
});

test.each([
  ['another network', { network: '198.51.100.0/24', agent: 'test' }, 'live'],
  ['another agent', { network: '203.0.113.0/24', agent: 'curl' }, 'live'],
  ['another network and agent', { network: '198.51.100.0/24', agent: 'curl' }, 'anomalous'],
  ['an unknown network and agent', { network: 'unknown', agent: '' }, 'anomalous'],
] as const)('from %s it is %3$s', (_case, origin, verdict) => {
  expect(judge(item(), 'one', origin)).toBe(verdict);
});

test('what is not known is never the same as what was not known', () => {
  const stored = item({ network: 'unknown', agent: '' });
  expect(judge(stored, 'one', { network: 'unknown', agent: '' })).toBe('anomalous');
  expect(judge(stored, 'one', { network: '198.51.100.0/24', agent: '' })).toBe('anomalous');
  const atHome = item({ agent: '' });
  expect(judge(atHome, 'one', { network: live.network, agent: '' })).toBe('live');
});

test('an anomaly is told before a full or another minute, and not of a session that is over', () => {
  const elsewhere = { network: 'unknown', agent: '' };
  expect(judge(item({}, { n: 100 }), 'one', elsewhere)).toBe('anomalous');
  expect(judge(item({}, { window: window - 1 }), 'one', elsewhere)).toBe('anomalous');
  expect(judge(item({ status: 'ended' }), 'one', elsewhere)).toBe('over');
});

test('a machine has 600 requests a minute, everyone else 100', () => {
  const full = (n: number, role: Role) =>
    judgeSession(item({}, { n }), { session: 'one', role, roleVersion: 1 }, from, { window, now });
  expect([full(599, 'system'), full(600, 'system')]).toEqual(['live', 'limited']);
  for (const role of roles.filter((known) => known !== 'system'))
    expect([full(99, role), full(100, role)], role).toEqual(['live', 'limited']);
});

test('an id that every object has is no session', () => {
  expect(judge(item(), 'constructor')).toBe('unknown');
});

describe('a session is forgotten', () => {
  const old = now - 961;
  test.each([
    ['when it ended long ago', { status: 'ended', endedAt: old }, true],
    ['when it was idle long ago', { idleExpiresAt: old }, true],
    ['when it was too old long ago', { absoluteExpiresAt: old }, true],
    ['not when it just ended', { status: 'ended', endedAt: now - 900 }, false],
    ['not when it is live', {}, false],
  ] as const)('%s', (_case, change, forgotten) => {
    expect(forgettable({ one: { ...live, ...change } }, now)).toEqual(forgotten ? ['one'] : []);
  });
});
