import type { AnyResource } from '../../model/define/define-resource.ts';
import type { PatientAddress } from './patient-keys.ts';

/** Who has a treatment relationship with a patient, and when. */
export interface Grant {
  readonly member: string;
  /** RFC 3339 date and time. */
  readonly start: string;
  /** @default no end */
  readonly end?: string;
}

/** What decisions about one patient's chart need, kept current in the transactions that change it. */
export interface AccessItem extends PatientAddress {
  readonly version: number;
  /** The canonical JSON of {@link AccessContent}. */
  readonly content: string;
  readonly code: Uint8Array;
}

/** What an Access item says. */
export interface AccessContent {
  /** By the id of the record that gives it. */
  readonly grants: { readonly [recordId: string]: Grant };
}

/**
 * The grant that a relationship's record gives.
 * @throws TypeError when the record has no member or period, which its declaration requires.
 */
export const grantOf = (
  { member, period }: NonNullable<AnyResource['relationship']>,
  values: { readonly [field: string]: unknown },
): Grant => {
  const subject = values[member];
  const { start, end } = (values[period] ?? {}) as { start?: unknown; end?: unknown };
  if (typeof subject !== 'string' || typeof start !== 'string') throw new TypeError('not a relationship');
  return { member: subject.toLowerCase(), start, ...(typeof end === 'string' && { end }) };
};

/** An Access item's content with one record's grant added or replaced. */
export const withGrant = (content: AccessContent, recordId: string, grant: Grant): AccessContent => ({
  ...content,
  grants: { ...content.grants, [recordId]: grant },
});

/** Whether a subject has a treatment relationship at this time: from its start on, until before its end. */
export const isMember = ({ grants }: AccessContent, subject: string, now: Date): boolean =>
  Object.values(grants).some(
    ({ member, start, end }) =>
      member === subject.toLowerCase() &&
      Date.parse(start) <= now.getTime() &&
      (end === undefined || now.getTime() < Date.parse(end)),
  );
