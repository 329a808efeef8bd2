import { hash } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 26 characters (130 bits) that stand for a text and do not tell it. */
export const entryId = (text: string): string =>
  [...hash('sha256', text, 'buffer').subarray(0, 26)].map((byte) => alphabet[byte & 31]).join('');
