import { expect, test } from 'vitest';
import type { DecisionInput } from '../../../lambdas/domain/decide.ts';
import { decide } from '../../../lambdas/domain/decide.ts';

const now = new Date('2026-06-15T12:00:00Z');
const input = (
  reach: DecisionInput['permission']['reach'],
  more: Partial<DecisionInput> = {},
): DecisionInput => ({
  permission: {
    policy: 'policy',
    reach,
    discloses: ['id', 'name'],
    summary: ['id'],
    writes: [],
    mustWrite: [],
  },
  principal: { subject: 'me' },
  patient: 'P',
  access: { grants: {} },
  now,
  ...more,
});
const team = { grants: { A: { member: 'me', start: '2026-01-01T00:00:00Z' } } };

test('a decision names its policy, and what it discloses when it reaches', () => {
  expect(decide(input('tenant'))).toEqual({ reached: true, policy: 'policy', discloses: ['id', 'name'] });
  expect(decide(input('careTeam'))).toEqual({ reached: false, policy: 'policy' });
});

test('care-team reach needs a relationship', () => {
  expect(decide(input('careTeam', { access: team })).reached).toBe(true);
  expect(decide(input('careTeam', { access: team, principal: { subject: 'you' } })).reached).toBe(false);
});

test('self reach needs the own record, whatever the care team', () => {
  expect(decide(input('self', { principal: { subject: 'me', patient: 'P' } })).reached).toBe(true);
  expect(decide(input('self', { principal: { subject: 'me', patient: 'Q' }, access: team })).reached).toBe(
    false,
  );
  expect(decide(input('self', { access: team })).reached).toBe(false);
});
