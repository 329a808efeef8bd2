import { randomBytes } from 'node:crypto';
import { encodeTime } from 'ulid';
import type { AnyResource } from '../../model/define/define-resource.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const part = '[0-9A-HJKMNP-TV-Z]{26}';
const patientId = new RegExp(`^${part}$`);
const recordId = new RegExp(`^(${part})\\.${part}$`);

const randomText = (length: number): string =>
  Array.from(randomBytes(length), (byte) => alphabet[byte & 31]).join('');

/** A new patient id: 130 random bits in Crockford's base 32. */
export const newPatientId = (): string => randomText(26);

/** A new id of 26 characters that sorts in the order of time (ULID). */
export const newTimedId = (now: Date): string => `${encodeTime(now.getTime(), 10)}${randomText(16)}`;

/** A new id of another chart record: its patient's id, and a ULID, so that ids sort in recording order. */
export const newRecordId = (patient: string, now: Date): string => `${patient}.${newTimedId(now)}`;

/** The patient to whom a record belongs, from its id alone; nothing when it is no id of this resource. */
export const patientOf = ({ subject }: Pick<AnyResource, 'subject'>, id: string): string | undefined =>
  subject === 'id' ? patientId.exec(id)?.[0] : recordId.exec(id)?.[1];
