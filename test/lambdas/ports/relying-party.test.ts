import { describe, expect, test } from 'vitest';
import { type Passkey, passkeyId } from '../../../lambdas/domain/passkey.ts';
import { type Assertion, type NewCredential, relyingParty } from '../../../lambdas/ports/relying-party.ts';
import { type Misbehaviour, softwareAuthenticator } from '../software-authenticator.ts';

const origin = 'https://app.clinic.example';
const party = relyingParty({ id: 'clinic.example', origins: ['https://clinic.example', origin] });
const person = { subject: '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11', email: 'nurse@clinic.example' };
const challenge = 'c'.repeat(43);
const refused = expect.objectContaining({ code: 'invalid-challenge', policy: 'passkey.invalid' });
const createdAt = '2026-11-22T10:00:00.000Z';

const create = (
  wrong: Misbehaviour = {},
  change: (credential: NewCredential) => NewCredential = (same) => same,
) => {
  const authenticator = softwareAuthenticator(origin);
  const made = authenticator.create(party.creationOptions(challenge, { ...person, passkeys: [] }), wrong);
  return { authenticator, verified: party.verifyCreation(challenge, change(made)) };
};

/** A passkey, and the authenticator that it is in. */
const newPasskey = async (wrong: Misbehaviour = {}) => {
  const { authenticator, verified } = create(wrong);
  return {
    authenticator,
    passkey: { ...(await verified), enrolment: createdAt, createdAt } satisfies Passkey,
  };
};

const use = async (
  wrong: Misbehaviour = {},
  {
    made = {},
    change = (same) => same,
  }: { made?: Misbehaviour; change?: (assertion: Assertion) => Assertion } = {},
) => {
  const { authenticator, passkey } = await newPasskey(made);
  const assertion = authenticator.get(party.requestOptions(challenge), wrong);
  return party.verifyAssertion(challenge, change(assertion), passkey);
};

test('a passkey is asked for that its authenticator keeps and its user unlocks, without a statement about it', async () => {
  const { passkey } = await newPasskey();
  const options = party.creationOptions(challenge, { ...person, passkeys: [passkey] });
  expect(options).toMatchObject({
    rp: { id: 'clinic.example' },
    challenge,
    attestation: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: [{ id: passkey.credential, transports: ['internal'] }],
  });
  expect(Buffer.from(options.user.id, 'base64url').toString()).toBe(person.subject);
  expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-8, -7, -257]);
});

test('a passkey is used with its user verified: any of ours, or those named', async () => {
  const { passkey } = await newPasskey();
  expect(party.requestOptions(challenge)).toMatchObject({
    rpId: 'clinic.example',
    challenge,
    userVerification: 'required',
    allowCredentials: [],
  });
  expect(party.requestOptions(challenge, [passkey]).allowCredentials).toMatchObject([
    { id: passkey.credential },
  ]);
});

describe('a new passkey', () => {
  test.each(['ES256', 'EdDSA', 'RS256'] as const)(
    'of %s is remembered by its public part',
    async (algorithm) => {
      const { passkey } = await newPasskey({ algorithm, counter: 7, backupEligible: true });
      expect(passkey).toMatchObject({ counter: 7, backupEligible: true, transports: ['internal'] });
      expect(passkey.id).toBe(passkeyId(passkey.credential));
      expect(passkey.publicKey.length).toBeGreaterThan(30);
    },
  );

  test.each<[string, Misbehaviour]>([
    ['of another challenge', { challenge: 'd'.repeat(43) }],
    ['of another origin', { origin: 'https://app.clinic.example.evil.example' }],
    ['of a plain-text origin', { origin: 'http://app.clinic.example' }],
    ['in a frame', { crossOrigin: true }],
    ['of another relying party', { rpId: 'evil.example' }],
    ['whose user was not there', { userPresent: false }],
    ['whose user was not verified', { userVerified: false }],
    ['of an algorithm that was not asked for', { algorithm: 'ES384' }],
    ['that is the use of one', { type: 'webauthn.get' }],
    ['with a statement about its authenticator', { selfAttested: true }],
  ])('%s is refused', async (_name, wrong) => {
    await expect(create(wrong).verified).rejects.toThrow(refused);
  });

  test.each<[string, (credential: NewCredential) => NewCredential]>([
    ['under another id', (made) => ({ ...made, id: 'x'.repeat(43), rawId: 'x'.repeat(43) })],
    ['with two ids', (made) => ({ ...made, rawId: 'x'.repeat(43) })],
    [
      'that is no CBOR',
      (made) => ({ ...made, response: { ...made.response, attestationObject: 'bm90LWNib3I' } }),
    ],
    ['that is no JSON', (made) => ({ ...made, response: { ...made.response, clientDataJSON: 'e30x' } })],
  ])('%s is refused', async (_name, change) => {
    await expect(create({}, change).verified).rejects.toThrow(refused);
  });
});

describe('the use of a passkey', () => {
  test.each(['ES256', 'EdDSA', 'RS256'] as const)('of %s gives its counter', async (algorithm) => {
    expect(await use({}, { made: { algorithm, counter: 7 } })).toEqual({ counter: 8 });
  });

  test('says 0 when the authenticator does not count', async () => {
    expect(await use({ counter: 0 })).toEqual({ counter: 0 });
  });

  test.each<[string, Misbehaviour]>([
    ['for another challenge', { challenge: 'd'.repeat(43) }],
    ['at another origin', { origin: 'https://evil.example' }],
    ['in a frame', { crossOrigin: true }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['whose user is not there', { userPresent: false }],
    ['whose user is not verified', { userVerified: false }],
    ['that is the making of one', { type: 'webauthn.create' }],
    ['that has become one that may be copied', { backupEligible: true }],
  ])('%s is refused', async (_name, wrong) => {
    await expect(use(wrong)).rejects.toThrow(refused);
  });

  const flipped = (text: string): string => {
    const content = Buffer.from(text, 'base64url');
    const last = content.length - 1;
    content.writeUInt8(content.readUInt8(last) ^ 1, last);
    return content.toString('base64url');
  };
  test.each(['signature', 'authenticatorData'] as const)('with an altered %s is refused', async (part) => {
    const change = (assertion: Assertion): Assertion => ({
      ...assertion,
      response: { ...assertion.response, [part]: flipped(assertion.response[part]) },
    });
    await expect(use({}, { change })).rejects.toThrow(refused);
  });

  test('signed with another key is refused', async () => {
    const other = await newPasskey();
    const { passkey } = await newPasskey();
    const assertion = other.authenticator.get(party.requestOptions(challenge));
    await expect(party.verifyAssertion(challenge, assertion, passkey)).rejects.toThrow(refused);
  });
});
