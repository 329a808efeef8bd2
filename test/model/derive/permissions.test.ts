import { describe, expect, it } from 'vitest';
import { maySearchBy, permissionFor, policyId } from '../../../model/derive/permissions.ts';
import { indexFor } from '../../../model/derive/storage.ts';
import { patient } from '../../../model/resources/patient.ts';
import { vital } from '../../../model/resources/vital.ts';
import { resources } from '../../../model/resources.ts';
import type { Interaction, PurposeOfUse, Role } from '../../../model/vocabulary.ts';
import { interactions, purposesOfUse, roles } from '../../../model/vocabulary.ts';

const everyInteraction = Object.keys(interactions) as Interaction[];
const cells = resources.flatMap((resource) =>
  roles.flatMap((role) =>
    everyInteraction.flatMap((interaction) =>
      purposesOfUse.map((purpose) => ({ resource, role, interaction, purpose })),
    ),
  ),
);

it('permits exactly the cells that are declared, and nothing to anyone else', () => {
  for (const { resource, role, interaction, purpose } of cells) {
    const declared = (resource.permissions[role] ?? []).filter(
      (permission) => permission.interactions.includes(interaction) && permission.purposes.includes(purpose),
    );
    const permission = permissionFor(resource, role, interaction, purpose);
    expect(permission !== undefined).toBe(declared.length === 1);
    expect(declared.length).toBeLessThanOrEqual(1);
    expect(permission?.reach).toBe(declared[0]?.reach);
  }
});

it('gives no more fields than declared, and sets none that the server or the creator sets', () => {
  for (const { resource, role, interaction, purpose } of cells) {
    const permission = permissionFor(resource, role, interaction, purpose);
    if (permission === undefined) continue;
    const declared = resource.permissions[role]?.find(
      (one) => one.interactions.includes(interaction) && one.purposes.includes(purpose),
    );
    for (const name of permission.discloses)
      expect(declared?.discloses === '*' || declared?.discloses.includes(name)).toBe(true);
    for (const name of permission.summary) {
      expect(resource.summary).toContain(name);
      expect(permission.discloses).toContain(name);
    }
    for (const name of permission.writes) {
      const setBy = resource.fields[name]?.options.setBy ?? 'caller';
      expect(interaction === 'create' ? ['caller', 'creator'] : ['caller']).toContain(setBy);
      expect(declared?.writes === '*' || declared?.writes?.includes(name)).toBe(true);
    }
    if (interaction === 'read' || interaction === 'search') expect(permission.writes).toEqual([]);
    for (const name of permission.mustWrite) {
      expect(permission.writes).toContain(name);
      expect(resource.fields[name]?.options.presence).not.toBe('optional');
    }
    expect(permission.policy).toBe(`${resource.name}.${role}.${purpose}.${interaction}`);
  }
});

it.each(['compliance', 'operator'] as const)('%s is permitted nothing', (role) => {
  expect(
    cells.filter(
      (cell) => cell.role === role && permissionFor(cell.resource, role, cell.interaction, cell.purpose),
    ),
  ).toEqual([]);
});

it.each(['constructor', '__proto__', 'toString', ''])(
  'the role %j, which does not exist, is permitted nothing',
  (role) => {
    expect(permissionFor(patient, role as Role, 'read', 'TREAT')).toBeUndefined();
  },
);

describe('the cells that requirement C1 names', () => {
  const names = (role: Role, interaction: Interaction, purpose: PurposeOfUse) =>
    permissionFor(patient, role, interaction, purpose);

  it('billing gets a limited view of its tenant’s patients', () => {
    expect(names('billing', 'read', 'HPAYMT')).toMatchObject({ reach: 'tenant', summary: ['id', 'name'] });
    expect(names('billing', 'read', 'HPAYMT')?.discloses).not.toContain('ssn');
    expect(names('billing', 'update', 'HPAYMT')).toBeUndefined();
    expect(permissionFor(vital, 'billing', 'read', 'HPAYMT')).toBeUndefined();
  });
  it('nurses read patients and write vitals of their care teams', () => {
    expect(names('nurse', 'read', 'TREAT')?.reach).toBe('careTeam');
    expect(names('nurse', 'update', 'TREAT')).toBeUndefined();
    expect(permissionFor(vital, 'nurse', 'create', 'TREAT')?.reach).toBe('careTeam');
  });
  it('patients read what is theirs and set how to reach them', () => {
    expect(names('patient', 'read', 'PATRQT')?.reach).toBe('self');
    expect(names('patient', 'update', 'PATRQT')).toMatchObject({
      writes: ['email', 'phone', 'address'],
      mustWrite: [],
    });
  });
  it('providers set every field that a caller may, and must give those that a patient always has', () => {
    expect(names('provider', 'update', 'TREAT')?.mustWrite).toEqual(['name', 'birthDate', 'gender', 'mrn']);
    expect(names('provider', 'update', 'TREAT')?.writes).not.toContain('id');
  });
  it('the creator’s fields are set once', () => {
    expect(permissionFor(vital, 'nurse', 'create', 'TREAT')?.writes).toContain('patient');
    expect(permissionFor(vital, 'nurse', 'update', 'TREAT')?.writes).not.toContain('patient');
  });
});

it('the summary holds no field that is withheld', () => {
  const withheld = { ...patient, summary: ['id', 'name', 'ssn'] } as const;
  expect(permissionFor(withheld, 'nurse', 'read', 'TREAT')?.summary).toEqual(['id', 'name']);
  expect(permissionFor(withheld, 'provider', 'read', 'TREAT')?.summary).toEqual(['id', 'name', 'ssn']);
});

it('an index may be searched only by who gets every field of it', () => {
  const nurse = permissionFor(patient, 'nurse', 'search', 'TREAT');
  const provider = permissionFor(patient, 'provider', 'search', 'TREAT');
  const by = (...parameters: string[]) => indexFor(patient, parameters);
  const [mrn, ssn, name] = [by('mrn'), by('ssn'), by('family', 'birthDate')];
  if (!nurse || !provider || !mrn || !ssn || !name) throw new Error('declared');
  expect(maySearchBy(provider, ssn)).toBe(true);
  expect(maySearchBy(nurse, ssn)).toBe(false);
  expect(maySearchBy(nurse, mrn)).toBe(true);
  expect(maySearchBy({ ...nurse, discloses: ['name'] }, name)).toBe(false);
});

it('names policies by resource, role, purpose and interaction', () => {
  expect(policyId(patient, 'nurse', 'TREAT', 'read')).toBe('Patient.nurse.TREAT.read');
});
