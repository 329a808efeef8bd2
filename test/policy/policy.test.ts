import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AccessContent } from '../../lambdas/domain/access-item.ts';
import { ApiError } from '../../lambdas/domain/api-error.ts';
import { decide } from '../../lambdas/domain/decide.ts';
import { fieldsToDisclose } from '../../lambdas/domain/disclose.ts';
import { writtenFields } from '../../lambdas/domain/written-fields.ts';
import { permissionFor } from '../../model/derive/permissions.ts';
import { resources } from '../../model/resources.ts';
import type { Interaction, PurposeOfUse, Role } from '../../model/vocabulary.ts';
import { usualPurpose } from '../../model/vocabulary.ts';

/** A case as it stands in `allow/` and `deny/`; see README.md there. */
interface PolicyCase {
  readonly case: string;
  readonly role: Role;
  readonly wants: Interaction;
  readonly resource: string;
  readonly purpose?: PurposeOfUse;
  readonly relationship: keyof typeof relationships;
  readonly fields?: readonly string[];
  readonly gets?: readonly string[];
  readonly because?: string;
}

const now = new Date('2026-06-15T12:00:00Z');
const [me, patient] = ['3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11', 'PATIENT0000000000000000001'];
const assigned = (member: string, start: string, end?: string): AccessContent => ({
  grants: { A: { member, start, ...(end && { end }) } },
});

const nobody: AccessContent = { grants: {} };
const relationships = {
  'on the care team': { access: assigned(me, '2026-01-01T00:00:00Z') },
  'on the care team until tomorrow': {
    access: assigned(me, '2026-01-01T00:00:00Z', '2026-06-16T12:00:00Z'),
  },
  'no longer on the care team': { access: assigned(me, '2026-01-01T00:00:00Z', '2026-06-15T12:00:00Z') },
  'on the care team from tomorrow': { access: assigned(me, '2026-06-16T12:00:00Z') },
  'a colleague is on the care team': {
    access: assigned('00000000-7a52-4d7e-9a55-0c3f5f0e9b11', '2026-01-01T00:00:00Z'),
  },
  none: { access: nobody },
  'the patient': { access: nobody, self: patient },
  'another patient': { access: nobody, self: 'PATIENT0000000000000000002' },
  'a new record': { access: nobody },
} as const satisfies { [name: string]: { access: AccessContent; self?: string } };

/** What a case comes to: the fields disclosed or set, or the code of the refusal. */
const outcome = ({ role, wants, resource: name, purpose, relationship, fields }: PolicyCase) => {
  const resource = resources.find((declared) => declared.name === name);
  const why = purpose ?? usualPurpose[role];
  if (!resource) throw new TypeError(`no resource ${name}`);
  try {
    const permission = why && permissionFor(resource, role, wants, why);
    if (!permission) throw new ApiError('not-permitted');
    const writing = wants === 'create' || wants === 'update';
    const body = Object.fromEntries((fields ?? []).map((field) => [field, true]));
    const granted = writing
      ? Object.keys(writtenFields(permission, body))
      : fieldsToDisclose(permission, fields);
    const { access, self }: { access: AccessContent; self?: string } = relationships[relationship];
    const principal = { subject: me, ...(self && { patient: self }) };
    const founding = wants === 'create' && resource.subject === 'id';
    if (!founding && !decide({ permission, principal, patient, access, now }).reached)
      throw new ApiError('not-found');
    return granted;
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
};

const casesIn = (folder: string): (PolicyCase & { file: string })[] =>
  readdirSync(join(import.meta.dirname, folder))
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) =>
      (JSON.parse(readFileSync(join(import.meta.dirname, folder, file), 'utf8')) as PolicyCase[]).map(
        (entry) => ({ file, ...entry }),
      ),
    );

describe('allowed', () => {
  test.each(casesIn('allow'))('$file: $case', (entry) => {
    const granted = outcome(entry);
    expect(granted).toEqual(entry.gets ?? entry.fields);
  });
});

describe('denied', () => {
  test.each(casesIn('deny'))('$file: $case', (entry) => {
    expect(outcome(entry)).toBe(entry.because);
  });
});
