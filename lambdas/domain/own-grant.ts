import type { Grant } from './access-item.ts';

const endOf = ({ end }: Grant): number => (end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end));

/**
 * Whether a grant would give its writer access that it does not have: a new one to itself, or its own for longer. A member
 * of a care team may end its own access; somebody else gives it (45 CFR 164.308(a)(4)).
 * @param before the same record's grant until now; absent for a new record.
 */
export const widensOwnGrant = (subject: string, grant: Grant, before?: Grant): boolean =>
  grant.member === subject.toLowerCase() &&
  (before === undefined ||
    Date.parse(grant.start) < Date.parse(before.start) ||
    endOf(grant) > endOf(before));
