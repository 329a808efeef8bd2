import { beforeAll, expect, test } from 'vitest';
import { thumbprintForm, thumbprintOf } from '../../../lambdas/domain/client-certificate.ts';
import { newCertificate, type TestCertificate } from '../certificates.ts';

const now = new Date('2026-11-22T12:00:00Z');
const day = 86_400_000;
let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await newCertificate(now);
});

test('a certificate is known by the SHA-256 of its DER form', () => {
  expect(thumbprintOf(certificate.pem, now)).toBe(certificate.thumbprint);
  expect(certificate.thumbprint).toMatch(thumbprintForm);
});

test('another certificate of the same name has another thumbprint', async () => {
  expect(thumbprintOf((await newCertificate(now)).pem, now)).not.toBe(certificate.thumbprint);
});

test.each([
  ['before its time', -day - 1000],
  ['after its time', day + 1000],
])('%s it is none', (_when, offset) => {
  expect(thumbprintOf(certificate.pem, new Date(now.getTime() + offset))).toBeUndefined();
});

test.each(['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
  'what is no certificate has no thumbprint',
  (pem) => {
    expect(thumbprintOf(pem, now)).toBeUndefined();
  },
);

test.each(['', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`])('%j is no thumbprint', (text) => {
  expect(text).not.toMatch(thumbprintForm);
});
