import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** What the TLS listener needs, and the certificate by which clients trust it. */
export interface Certificate {
  readonly key: string;
  readonly certificate: string;
  /** The file of the local certificate authority's certificate. */
  readonly authorityFile: string;
}

const day = 24 * 60 * 60 * 1000;
const validDays = 365;
const renewDays = 30;

/**
 * A certificate for localhost and 127.0.0.1, signed by a certificate authority of this computer's own; both are made
 * on first use and again shortly before they end. The authority's private key is thrown away.
 * @param directory - the folder that keeps them
 */
export async function localCertificate(directory: string): Promise<Certificate> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const authorityFile = join(directory, 'ca.pem');
  const certificateFile = join(directory, 'server.pem');
  const keyFile = join(directory, 'server-key.pem');
  if (![authorityFile, certificateFile, keyFile].every((file) => isUsable(file))) {
    const dates = {
      notBeforeDate: new Date(Date.now() - day),
      notAfterDate: new Date(Date.now() + validDays * day),
    };
    const kind = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
    const authority = await generate(
      [{ name: 'commonName', value: 'Chartlock local certificate authority' }],
      {
        ...kind,
        ...dates,
        extensions: [
          { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
          { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
        ],
      },
    );
    const server = await generate([{ name: 'commonName', value: 'localhost' }], {
      ...kind,
      ...dates,
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    });
    writeFileSync(keyFile, server.private, { mode: 0o600 });
    writeFileSync(certificateFile, server.cert);
    writeFileSync(authorityFile, authority.cert);
  }
  return {
    key: readFileSync(keyFile, 'utf8'),
    certificate: readFileSync(certificateFile, 'utf8'),
    authorityFile,
  };
}

function isUsable(file: string): boolean {
  if (!existsSync(file)) return false;
  const text = readFileSync(file, 'utf8');
  if (!text.includes('CERTIFICATE')) return true;
  return new X509Certificate(text).validToDate.getTime() > Date.now() + renewDays * day;
}
