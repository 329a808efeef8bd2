import { randomFillSync } from 'node:crypto';

/** The length of an initialization vector for AES-GCM (NIST SP 800-38D, 8.2.2). */
export const ivLength = 12;

const pool = Buffer.alloc(340 * ivLength);
let used = pool.length;

/** A new random initialization vector; each byte of the pool is handed out once, and the pool then filled anew. */
export const randomIv = (): Buffer => {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ivLength;
  return Buffer.from(pool.subarray(used - ivLength, used));
};
