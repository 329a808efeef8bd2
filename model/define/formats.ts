const daysIn = (year: number, month: number): number =>
  month === 2
    ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
      ? 29
      : 28
    : 30 + ((month + (month >> 3)) % 2);

const fullDate = /^\d{4}-\d{2}-\d{2}$/;

/** Whether the text is a full date of the Gregorian calendar (RFC 3339 `full-date`). */
const isDate = (text: string): boolean => {
  if (!fullDate.test(text)) return false;
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8))];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
};

/** Whether the text is a full date that has begun, in UTC: a child born today is born. */
const isPastDate = (text: string): boolean => isDate(text) && text <= new Date().toISOString().slice(0, 10);

const fullTime = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/;

/** Whether the text is a date, time and offset (RFC 3339, no leap second, which no JavaScript date can hold). */
const isDateTime = (text: string): boolean =>
  text.length <= 35 && text[10] === 'T' && isDate(text.slice(0, 10)) && fullTime.test(text.slice(11));

const mailbox = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$/;
const domainLabel = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const topLevel = /[A-Za-z]/;

/** Whether the text is an e-mail address with a dotted host name (RFC 5321 without quoted mailboxes and address literals). */
const isEmail = (text: string): boolean => {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const labels = text.slice(at + 1).split('.');
  return (
    text.length <= 254 &&
    mailbox.test(local) &&
    local.split('.').every((atom) => atom !== '') &&
    labels.length >= 2 &&
    labels.every((label) => domainLabel.test(label)) &&
    topLevel.test(labels.at(-1) ?? '')
  );
};

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * The string formats that schemas may name; the generated validators call these and nothing else.
 * Each takes time in proportion to the text at most.
 */
export const formats = {
  date: isDate,
  'past-date': isPastDate,
  'date-time': isDateTime,
  email: isEmail,
  uuid: (text: string): boolean => uuid.test(text),
} as const;

/** The name of a string format. */
export type Format = keyof typeof formats;
