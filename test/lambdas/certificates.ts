import { hash, X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';

/** A partner's certificate, as API Gateway hands it on, and its thumbprint as a machine registers it. */
export interface TestCertificate {
  readonly pem: string;
  readonly thumbprint: string;
}

const day = 86_400_000;

/** Makes a certificate that is valid from a day before to a day after a moment. */
export const newCertificate = async (around = new Date()): Promise<TestCertificate> => {
  const { cert } = await generate([{ name: 'commonName', value: 'partner.example' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(around.getTime() - day),
    notAfterDate: new Date(around.getTime() + day),
  });
  return { pem: cert, thumbprint: hash('sha256', new X509Certificate(cert).raw, 'base64url') };
};
