import { describe, expect, test } from 'vitest';
import type { DirectoryPrincipal } from '../../../lambdas/domain/directory-entry.ts';
import {
  factorReset,
  type PersonChange,
  reactivation,
  removal,
  roleChange,
  suspension,
  trainingRecord,
} from '../../../lambdas/domain/person-changes.ts';

const now = new Date('2026-11-22T12:00:00.000Z');
const nurse: DirectoryPrincipal = {
  subject: 's',
  tenant: 'tenant000001',
  role: 'nurse',
  roleVersion: 1,
  status: 'active',
  trainedOn: '2026-11-20',
};
const { trainedOn: _day, ...untrained } = nurse;
const patient: DirectoryPrincipal = { ...untrained, role: 'patient', patient: 'A'.repeat(26) };
const suspended = { ...nurse, status: 'suspended' } as const;
const removed = { ...nurse, status: 'removed' } as const;
const expired = { ...nurse, grantExpiresAt: '2026-11-22T12:00:00.000Z' };
const reviewed = { ...nurse, grantExpiresAt: '2026-11-22T12:00:00.001Z' };

test.each<[string, PersonChange, DirectoryPrincipal, object | undefined]>([
  ['another role', roleChange('provider'), nurse, { role: 'provider' }],
  ['the same role', roleChange('nurse'), nurse, undefined],
  ['a role without health information', roleChange('compliance'), untrained, { role: 'compliance' }],
  ['another role while a review is open', roleChange('provider'), reviewed, { role: 'provider' }],
  ['a suspension', suspension, nurse, { status: 'suspended' }],
  ['a second suspension', suspension, suspended, undefined],
  ['a reactivation', reactivation, suspended, { status: 'active' }],
  [
    'a reactivation while a review is open',
    reactivation,
    { ...reviewed, status: 'suspended' },
    { status: 'active' },
  ],
  ['a reactivation of someone active', reactivation, nurse, undefined],
  ['one of someone whose review is not over', reactivation, reviewed, undefined],
  [
    'one of someone whose grant has expired',
    reactivation,
    expired,
    { status: 'active', grantExpiresAt: undefined },
  ],
  ['a reactivation of a patient', reactivation, { ...patient, status: 'suspended' }, { status: 'active' }],
  ['a removal', removal, nurse, { status: 'removed' }],
  ['a removal of someone suspended', removal, suspended, { status: 'removed' }],
  ['a second removal', removal, removed, undefined],
  ['a reset of factors', factorReset, nurse, { mfaEnrolledAt: undefined, mustEnrolSince: now.toISOString() }],
  ['a training', trainingRecord('2026-11-22'), untrained, { trainedOn: '2026-11-22' }],
])('%s', (_, change, person, expected) => {
  expect(change(person, now)).toStrictEqual(expected);
});

describe('refused is', () => {
  test.each<[string, PersonChange, DirectoryPrincipal, string]>([
    ['a role for a patient', roleChange('nurse'), patient, 'not-permitted'],
    [
      'a role that needs training',
      roleChange('provider'),
      { ...untrained, role: 'compliance' },
      'training-required',
    ],
    [
      'a role whose training is too old',
      roleChange('admin'),
      { ...nurse, trainedOn: '2025-11-20' },
      'training-required',
    ],
    [
      'a reactivation without training',
      reactivation,
      { ...untrained, status: 'suspended' },
      'training-required',
    ],
    ['a training that is too old', trainingRecord('2025-11-20'), nurse, 'training-required'],
    ['a role for someone removed', roleChange('provider'), removed, 'conflict'],
    ['a suspension of someone removed', suspension, removed, 'conflict'],
    ['a reactivation of someone removed', reactivation, removed, 'conflict'],
    ['a reset for someone removed', factorReset, removed, 'conflict'],
    ['a training of someone removed', trainingRecord('2026-11-22'), removed, 'conflict'],
  ])('%s', (_, change, person, code) => {
    expect(() => change(person, now)).toThrow(expect.objectContaining({ code }));
  });
});
