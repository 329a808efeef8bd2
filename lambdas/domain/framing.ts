/**
 * Joins parts so that different lists never give equal bytes: each part follows its length as an unsigned 32-bit number.
 * Every keyed hash and all associated data are built with it, the first part naming the purpose.
 */
export const frame = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const lengths = parts.map((part) => (typeof part === 'string' ? Buffer.byteLength(part) : part.length));
  const framed = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 0));
  let offset = 0;
  parts.forEach((part, position) => {
    const length = lengths[position] ?? 0;
    offset = framed.writeUInt32BE(length, offset);
    if (typeof part === 'string') framed.write(part, offset, length);
    else framed.set(part, offset);
    offset += length;
  });
  return framed;
};
