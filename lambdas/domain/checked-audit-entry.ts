import { isIP } from 'node:net';
import { auditEventTypes } from '../../model/audit-event-types.ts';
import { problems } from '../../model/problems.ts';
import { purposesOfUse, roles } from '../../model/vocabulary.ts';
import { type AuditEntry, mfaStates } from './audit-entry.ts';

type Check = (value: unknown) => boolean;

const text =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const oneOf =
  (values: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && values.includes(value);
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const listOf =
  (check: Check, longest: number): Check =>
  (value) =>
    Array.isArray(value) && value.length <= longest && value.every(check);
const shape =
  (members: { readonly [name: string]: Check }, optional: readonly string[] = []): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(members).every(([name, check]) =>
      Object.hasOwn(value, name) ? check((value as Record<string, unknown>)[name]) : optional.includes(name),
    ) &&
    Object.keys(value).every((name) => Object.hasOwn(members, name));

const name = text(/^[A-Za-z][A-Za-z0-9]{0,63}$/);
const opaque = text(/^[A-Za-z0-9_-]{1,128}$/);
const patient = text(/^[0-9A-HJKMNP-TV-Z]{26}$/);
const recordId = text(/^[0-9A-HJKMNP-TV-Z]{26}(\.[0-9A-HJKMNP-TV-Z]{26})?$/);
const grant = text(/^[a-z]{1,20}\.[a-z]{1,20}$/);
const digest = text(/^[A-Za-z0-9_-]{1,64}$/);

/** The one list of what an entry may hold, and in which form; names and opaque ids, so that no PHI fits in. */
const members: { readonly [K in keyof Required<AuditEntry>]: Check } = {
  format: (value) => value === 1,
  id: patient,
  type: oneOf(Object.keys(auditEventTypes)),
  time: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  tenant: text(/^([a-z0-9]{12}|platform)$/),
  operation: text(/^[A-Za-z]+(\.[a-z][A-Za-z]*)?$/),
  outcome: oneOf(['success', 'refused', 'failure']),
  status: count,
  duration: count,
  requestId: text(/^[A-Za-z0-9-]{1,64}$/),
  writer: patient,
  writerCounter: count,
  actor: opaque,
  role: oneOf(roles),
  session: opaque,
  client: opaque,
  purpose: oneOf(purposesOfUse),
  scopes: listOf(text(/^[a-z]{1,20}\/[A-Za-z.]{1,64}$/), 100),
  policy: text(/^[A-Za-z][A-Za-z0-9.-]{0,127}$/),
  problem: oneOf(Object.keys(problems)),
  patient,
  resource: name,
  resourceId: (value) => recordId(value) || opaque(value),
  version: count,
  disclosed: listOf(name, 200),
  matches: listOf(shape({ patient, id: recordId, version: count }), 100),
  changes: listOf(shape({ field: name, before: digest, after: digest }, ['before', 'after']), 200),
  alongside: listOf(shape({ resource: name, id: recordId, version: count }), 20),
  parameters: listOf(name, 20),
  mfa: oneOf(mfaStates),
  grant: shape({ before: grant, after: grant }, ['before', 'after']),
  sourceAddress: (value) => value === 'unknown' || (typeof value === 'string' && isIP(value) > 0),
  userAgent: text(/^(?:[A-Za-z][A-Za-z._-]{0,23}\/[0-9][0-9.]{0,15}(?: (?!$)|$)){0,6}$/),
};

/**
 * Lets an audit entry pass only if every member is on the list and in its form.
 * @param entry may have undefined members; they are dropped.
 * @throws TypeError naming the member, never its value.
 */
export const checkedAuditEntry = (
  entry: { readonly [K in keyof AuditEntry]: AuditEntry[K] | undefined },
): AuditEntry => {
  const present = Object.entries(entry).filter(([, value]) => value !== undefined);
  for (const [member, value] of present) {
    const check = Object.hasOwn(members, member) ? members[member as keyof AuditEntry] : undefined;
    if (check === undefined) throw new TypeError('an audit entry has a member that is not on the list');
    if (!check(value)) throw new TypeError(`an audit entry's ${member} is not in its form`);
  }
  return Object.fromEntries(present) as unknown as AuditEntry;
};
