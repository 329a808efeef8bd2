const framed = (part: string | Uint8Array): string =>
  typeof part === 'string'
    ? `${part.length}:${part}`
    : `${part.length}.${Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1')}`;

/**
 * Joins parts so that different lists never give equal bytes: each part follows its length, and a mark of whether it is
 * text or bytes. Every keyed hash and all associated data are built with it, the first part naming the purpose.
 */
export const frame = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  let text = '';
  for (const part of parts) text += framed(part);
  return Buffer.from(text, 'utf8');
};
