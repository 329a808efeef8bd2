import { hash, X509Certificate } from 'node:crypto';

/** The form of a certificate's SHA-256 thumbprint in base64url, as in `x5t#S256` (RFC 8705 §3.1). */
export const thumbprintForm = /^[A-Za-z0-9_-]{43}$/;

const parsed = (pem: string): X509Certificate | undefined => {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
};

/** The SHA-256 thumbprint of a certificate in PEM; nothing when it is none, or not valid at the time. */
export const thumbprintOf = (pem: string, now: Date): string | undefined => {
  const certificate = parsed(pem);
  if (certificate === undefined) return undefined;
  const { validFromDate, validToDate, raw } = certificate;
  return validFromDate <= now && now <= validToDate ? hash('sha256', raw, 'base64url') : undefined;
};
