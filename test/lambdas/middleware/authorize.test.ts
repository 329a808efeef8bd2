import { expect, test } from 'vitest';
import type { Principal } from '../../../lambdas/domain/principal.ts';
import { authorize } from '../../../lambdas/middleware/authorize.ts';
import type { PurposeOfUse } from '../../../model/vocabulary.ts';
import { operationNamed, passing, principalWith, runHook } from './request.ts';

const ask = (operation: string, principal?: Principal, purpose?: PurposeOfUse) =>
  runHook(
    authorize(operationNamed(operation)),
    'before',
    passing(operation, {}, { ...(principal && { principal }), ...(purpose && { purpose }) }),
  );
const refused = (code: string) => expect.objectContaining({ code });

test('role, purpose and scope together permit, and the policy is noted', async () => {
  const chain = await ask('Patient.read', principalWith('provider', 'user/Patient.r'), 'TREAT');
  expect(chain.facts.policy).toBe('Patient.provider.TREAT.read');
});

test.each([
  ['without the scope', 'Patient.read', principalWith('provider', 'user/Patient.c'), 'TREAT'],
  [
    'for a purpose that the role has not',
    'Patient.read',
    principalWith('provider', 'user/Patient.r'),
    'PATRQT',
  ],
  ['in a role that has none of it', 'Patient.create', principalWith('billing', 'user/Patient.c'), 'HPAYMT'],
  ['without a purpose', 'Patient.read', principalWith('provider', 'user/Patient.r'), undefined],
  ['of another role’s', 'users.create', principalWith('provider', 'identity/users.create'), 'TREAT'],
  ['of its role, without its scope', 'users.create', principalWith('admin', 'identity/session'), 'HOPERAT'],
  [
    'to a person with a machine’s scope',
    'Patient.read',
    principalWith('provider', 'system/Patient.r'),
    'TREAT',
  ],
  [
    'to a machine with a person’s scope',
    'Patient.read',
    principalWith('system', 'user/Patient.r'),
    'HOPERAT',
  ],
  ['to a machine with another scope', 'Patient.read', principalWith('system', 'system/Patient.s'), 'HOPERAT'],
  [
    'to a machine, where no machine is permitted',
    'CareTeamAssignment.read',
    principalWith('system', 'user/CareTeamAssignment.r', 'system/CareTeamAssignment.r'),
    'HOPERAT',
  ],
  ['of a session, to a machine', 'auth.logout', principalWith('system', 'identity/session'), 'HOPERAT'],
  ['of an admin, to a machine', 'users.create', principalWith('system', 'identity/users.create'), 'HOPERAT'],
] as const)('an operation is not permitted %s', async (_name, operation, principal, purpose) => {
  await expect(ask(operation, principal, purpose)).rejects.toThrow(refused('not-permitted'));
});

test('a machine is permitted by its own scope', async () => {
  const chain = await ask('Patient.read', principalWith('system', 'system/Patient.r'), 'HOPERAT');
  expect(chain.facts.policy).toBe('Patient.system.HOPERAT.read');
});

test('a named operation is permitted to its roles, and is its own policy', async () => {
  const chain = await ask('users.create', principalWith('admin', 'identity/users.create'));
  expect(chain.facts.policy).toBe('users.create');
});

test('without a purpose the policy names operation and role', async () => {
  const request = passing('Patient.read', {}, { principal: principalWith('provider', 'user/Patient.r') });
  await expect(runHook(authorize(operationNamed('Patient.read')), 'before', request)).rejects.toThrow();
  expect(request.context.chain.facts.policy).toBe('Patient.read.provider');
});

test('nobody is permitted anything but what comes before signing in', async () => {
  await expect(ask('Patient.read', undefined, 'TREAT')).rejects.toThrow(refused('unauthenticated'));
  await expect(ask('auth.logout')).rejects.toThrow(refused('unauthenticated'));
  expect((await ask('auth.login')).facts.policy).toBe('auth.login');
});
