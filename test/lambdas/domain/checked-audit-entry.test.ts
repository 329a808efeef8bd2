import { describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import { checkedAuditEntry } from '../../../lambdas/domain/checked-audit-entry.ts';

const id = 'A'.repeat(26);
const entry: Required<AuditEntry> = {
  format: 1,
  id,
  type: 'PHI_ACCESS',
  time: '2026-11-22T10:20:30.456Z',
  tenant: 'tenant000001',
  operation: 'Patient.read',
  outcome: 'success',
  status: 200,
  duration: 12,
  requestId: '0fb17480-3231-4637-ac4f-70ad13dbaf14',
  writer: id,
  writerCounter: 1,
  actor: '723cadca-ebb9-48f3-925f-6366fb5241d1',
  role: 'provider',
  session: '05478d37-45f2-44bb-8e17-dc47143c8be1',
  client: 'client',
  purpose: 'TREAT',
  scopes: ['user/Patient.r', 'identity/users.create'],
  policy: 'Patient.provider.TREAT.read',
  problem: 'not-found',
  patient: id,
  resource: 'Patient',
  resourceId: `${id}.${id}`,
  version: 3,
  disclosed: ['name', 'birthDate'],
  matches: [{ patient: id, id, version: 1 }],
  changes: [{ field: 'name', before: 'AQAB', after: 'AQAC' }, { field: 'ssn' }],
  alongside: [{ resource: 'CareTeamAssignment', id: `${id}.${id}`, version: 1 }],
  parameters: ['fields'],
  sourceAddress: '2001:db8::1',
  mfa: 'totp',
  grant: { before: 'nurse.active', after: 'nurse.suspended' },
  userAgent: 'Mozilla/5.0 curl/8.0',
};

test('an entry in its form passes, without members that are undefined', () => {
  expect(checkedAuditEntry(entry)).toEqual(entry);
  expect(checkedAuditEntry({ ...entry, patient: undefined })).not.toHaveProperty('patient');
});

describe('no member holds health information', () => {
  const values = [
    "O'Brien",
    'José',
    '219-09-9999',
    '1984-02-29',
    'jose@example.org',
    '+1 555 0100',
    '1 Example Street',
  ];
  const names = Object.keys(entry) as (keyof AuditEntry)[];
  test.each(names)('%s', (name) => {
    for (const value of values) {
      const inside: unknown[] = [value];
      const kept = entry[name];
      if (Array.isArray(kept)) {
        inside.push([value]);
        for (const member of Object.keys(typeof kept[0] === 'object' ? kept[0] : {})) {
          // A digest is of the alphabet of names and dates; its length tells them apart where it is made.
          if (!(name === 'changes' && member !== 'field')) inside.push([{ ...kept[0], [member]: value }]);
        }
        if (typeof kept[0] === 'object') inside.push([{ ...kept[0], value }]);
      }
      for (const bad of inside)
        if (
          !(
            ['actor', 'session', 'client', 'resourceId', 'requestId'].includes(name) &&
            /^[\w-]+$/.test(String(bad))
          )
        )
          expect(() => checkedAuditEntry({ ...entry, [name]: bad })).toThrow(TypeError);
    }
  });

  test('nor does a member that is not on the list, whose name may be anything', () => {
    const more = { ...entry, "O'Brien": 1 };
    expect(() => checkedAuditEntry(more)).toThrow('not on the list');
    expect(() => checkedAuditEntry(more)).not.toThrow("O'Brien");
  });

  test('and the error names the member, never the value', () => {
    expect(() => checkedAuditEntry({ ...entry, disclosed: ['219-09-9999'] })).toThrow(/disclosed/);
    expect(() => checkedAuditEntry({ ...entry, disclosed: ['219-09-9999'] })).not.toThrow(/219/);
  });
});

test.each([
  ['actor', 1234],
  ['matches', [null]],
  ['matches', [undefined]],
  ['matches', ['text']],
] as const)('what is of another kind is refused by its name: %s %j', (member, value) => {
  const wrong = { ...entry, [member]: value } as unknown as AuditEntry;
  expect(() => checkedAuditEntry(wrong)).toThrow(`an audit entry's ${member} is not in its form`);
});

test('an address that is not known may stand for one', () => {
  expect(checkedAuditEntry({ ...entry, sourceAddress: 'unknown' }).sourceAddress).toBe('unknown');
});

test('a member with the name of an inherited one is not on the list', () => {
  const wrong = { ...entry, toString: 'x' } as unknown as AuditEntry;
  expect(() => checkedAuditEntry(wrong)).toThrow('not on the list');
});
