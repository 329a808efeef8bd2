import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyOfVersion, VersionedKey } from './versioned-key.ts';

const format = 1;
const headerLength = 3;
const codeLength = headerLength + 32;

/** The authentication code of a message: format byte, key version (uint16), HMAC-SHA-256 of both and the message. */
export const authenticationCode = ({ version, key }: VersionedKey, message: Uint8Array): Buffer => {
  const code = Buffer.allocUnsafe(codeLength);
  code.writeUInt8(format, 0);
  code.writeUInt16BE(version, 1);
  createHmac('sha256', key)
    .update(code.subarray(0, headerLength))
    .update(message)
    .digest()
    .copy(code, headerLength);
  return code;
};

/** Whether a code is that of the message, under the key version that it carries. */
export const isAuthentic = (code: Uint8Array, message: Uint8Array, keyOf: KeyOfVersion): boolean => {
  if (code.length !== codeLength) return false;
  const version = Buffer.from(code.buffer, code.byteOffset, codeLength).readUInt16BE(1);
  const key = keyOf(version);
  return key !== undefined && timingSafeEqual(code, authenticationCode({ version, key }, message));
};
