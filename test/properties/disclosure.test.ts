import fc from 'fast-check';
import { expect, test } from 'vitest';
import { disclose, fieldsToDisclose } from '../../lambdas/domain/disclose.ts';
import type { AnyResource } from '../../model/define/define-resource.ts';
import { permissionFor } from '../../model/derive/permissions.ts';
import { resources } from '../../model/resources.ts';
import type { Interaction, PurposeOfUse, Role } from '../../model/vocabulary.ts';
import { interactions, purposesOfUse, roles } from '../../model/vocabulary.ts';

interface Cell {
  readonly resource: AnyResource;
  readonly role: Role;
  readonly interaction: Interaction;
  readonly purpose: PurposeOfUse;
}

const cell: fc.Arbitrary<Cell> = fc.record({
  resource: fc.constantFrom(...resources),
  role: fc.constantFrom(...roles),
  interaction: fc.constantFrom(...(Object.keys(interactions) as Interaction[])),
  purpose: fc.constantFrom(...purposesOfUse),
});
const asked = (resource: AnyResource) =>
  fc.option(fc.subarray([...Object.keys(resource.fields), 'unknown'], { minLength: 1 }), { nil: undefined });

/** The names of the fields that a request is answered with; none when it is refused. */
const answered = ({ resource, role, interaction, purpose }: Cell, fields: readonly string[] | undefined) => {
  const permission = permissionFor(resource, role, interaction, purpose);
  const whole = Object.fromEntries(Object.keys(resource.fields).map((field) => [field, field]));
  try {
    return permission ? Object.keys(disclose(permission, fieldsToDisclose(permission, fields), whole)) : [];
  } catch {
    return [];
  }
};

const withFields = cell.chain((one) => asked(one.resource).map((fields) => ({ one, fields })));

test('no answer holds a field outside what is permitted and asked for', () => {
  fc.assert(
    fc.property(withFields, ({ one, fields }) => {
      const permission = permissionFor(one.resource, one.role, one.interaction, one.purpose);
      for (const field of answered(one, fields)) {
        expect(permission?.discloses).toContain(field);
        expect(fields ?? permission?.summary).toContain(field);
      }
    }),
    { numRuns: 2000 },
  );
});

test('asking for less never gets more', () => {
  fc.assert(
    fc.property(withFields, fc.infiniteStream(fc.boolean()), ({ one, fields }, keep) => {
      fc.pre(fields !== undefined && answered(one, fields).length > 0);
      const fewer = (fields ?? []).filter(() => keep.next().value);
      const wide = answered(one, fields);
      expect(answered(one, fewer).every((field) => wide.includes(field))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('a role without a permission gets nothing, whatever it asks for', () => {
  fc.assert(
    fc.property(withFields, ({ one, fields }) => {
      fc.pre(permissionFor(one.resource, one.role, one.interaction, one.purpose) === undefined);
      expect(answered(one, fields)).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
