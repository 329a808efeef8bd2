import { expect, test } from 'vitest';
import { joiningOf } from '../../../lambdas/domain/joining.ts';
import { careTeamAssignment } from '../../../model/resources/care-team-assignment.ts';
import { resources } from '../../../model/resources.ts';

test('a role joins by the declared relationship, as what is declared for it', () => {
  expect(joiningOf(resources, 'provider')).toMatchObject({
    resource: { name: 'CareTeamAssignment' },
    relationship: { member: 'member', period: 'period' },
    fields: { role: 'physician' },
  });
  expect(joiningOf(resources, 'nurse').fields).toEqual({ role: 'nurse' });
});

test.each([
  ['for which none is declared', resources, 'billing'],
  ['where no resource is a relationship', resources.filter(({ relationship }) => !relationship), 'provider'],
  [
    'where a relationship lets none join',
    [{ ...careTeamAssignment, relationship: { member: 'member', period: 'period' } }],
    'provider',
  ],
] as const)('a role %s creates no patient', (_, declared, role) => {
  expect(() => joiningOf(declared as typeof resources, role)).toThrow(
    expect.objectContaining({ code: 'not-permitted' }),
  );
});
