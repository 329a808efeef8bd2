import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { ApiError } from '../domain/api-error.ts';
import { type Passkey, passkeyId } from '../domain/passkey.ts';

/** What an authenticator answers when a passkey is made, as a browser encodes it. */
export type NewCredential = RegistrationResponseJSON;
/** What an authenticator answers when a passkey is used, as a browser encodes it. */
export type Assertion = AuthenticationResponseJSON;

/** The relying party of Web Authentication Level 3: what asks for passkeys, and verifies them. */
export interface RelyingParty {
  /** What a browser makes a passkey with, for someone who may have some already. */
  readonly creationOptions: (
    challenge: string,
    person: { readonly subject: string; readonly email: string; readonly passkeys: readonly Passkey[] },
  ) => PublicKeyCredentialCreationOptionsJSON;
  /** What a browser uses a passkey with: one of those named, or else any of ours that its user chooses. */
  readonly requestOptions: (
    challenge: string,
    passkeys?: readonly Passkey[],
  ) => PublicKeyCredentialRequestOptionsJSON;
  /** @throws ApiError `invalid-challenge` for whatever is wrong with the credential. */
  readonly verifyCreation: (
    challenge: string,
    credential: NewCredential,
  ) => Promise<Omit<Passkey, 'createdAt' | 'enrolment' | 'name'>>;
  /**
   * Verifies the use of a passkey; whether its counter has moved on is for whoever stores it.
   * @throws ApiError `invalid-challenge` for whatever is wrong with the assertion.
   */
  readonly verifyAssertion: (
    challenge: string,
    assertion: Assertion,
    passkey: Passkey,
  ) => Promise<{ readonly counter: number }>;
}

/** COSE algorithms (RFC 9053, RFC 8812): EdDSA, ES256, RS256. */
const algorithms = [-8, -7, -257];
const timeout = 300_000;

const orInvalid = async <T>(verify: () => Promise<T | undefined>): Promise<T> => {
  let cause: unknown;
  const verified = await verify().catch((error: unknown) => {
    cause = error;
    return undefined;
  });
  if (verified === undefined) throw new ApiError('invalid-challenge', { policy: 'passkey.invalid', cause });
  return verified;
};

/** Whether the credential was used in a frame of another origin, where its user cannot see who asks. */
const isFramed = (clientDataJSON: string): boolean =>
  JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8')).crossOrigin === true;

/** Whether no statement about the authenticator came along: we ask for none, and follow no certificates. */
const isUnattested = async (attestationObject: string): Promise<boolean> => {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers');
  return decodeAttestationObject(Buffer.from(attestationObject, 'base64url')).get('fmt') === 'none';
};

const descriptor = ({ credential, transports }: Passkey) => ({
  id: credential,
  type: 'public-key' as const,
  transports: [...transports] as NonNullable<
    NonNullable<PublicKeyCredentialRequestOptionsJSON['allowCredentials']>[number]['transports']
  >,
});

/**
 * The relying party of a domain. The library that verifies is loaded when it is first needed, for few requests need it and
 * it is large.
 * @param options.id the domain that passkeys are bound to
 * @param options.origins where they may be used
 */
export const relyingParty = ({
  id,
  origins,
}: {
  readonly id: string;
  readonly origins: readonly string[];
}): RelyingParty => {
  const expected = (challenge: string) => ({
    expectedChallenge: challenge,
    expectedOrigin: [...origins],
    expectedRPID: id,
    requireUserVerification: true,
  });
  return {
    creationOptions: (challenge, { subject, email, passkeys }) => ({
      rp: { id, name: 'Chartlock' },
      user: { id: Buffer.from(subject).toString('base64url'), name: email, displayName: email },
      challenge,
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      timeout,
      excludeCredentials: passkeys.map(descriptor),
      authenticatorSelection: {
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
      },
      attestation: 'none',
    }),
    requestOptions: (challenge, passkeys = []) => ({
      rpId: id,
      challenge,
      timeout,
      allowCredentials: passkeys.map(descriptor),
      userVerification: 'required',
    }),
    verifyCreation: (challenge, credential) =>
      orInvalid(async () => {
        const { attestationObject, clientDataJSON } = credential.response;
        if (isFramed(clientDataJSON) || !(await isUnattested(attestationObject))) return undefined;
        const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
        const { verified, registrationInfo } = await verifyRegistrationResponse({
          ...expected(challenge),
          response: credential,
          supportedAlgorithmIDs: algorithms,
        });
        if (!verified) return undefined;
        const { credential: made, credentialDeviceType } = registrationInfo;
        if (made.id !== credential.id) return undefined;
        return {
          id: passkeyId(made.id),
          credential: made.id,
          publicKey: made.publicKey,
          counter: made.counter,
          backupEligible: credentialDeviceType === 'multiDevice',
          transports: credential.response.transports ?? [],
        };
      }),
    verifyAssertion: (challenge, assertion, { credential, publicKey, backupEligible }) =>
      orInvalid(async () => {
        if (isFramed(assertion.response.clientDataJSON)) return undefined;
        const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          ...expected(challenge),
          response: assertion,
          credential: { id: credential, publicKey: Uint8Array.from(publicKey), counter: 0 },
        });
        const { credentialDeviceType, newCounter } = authenticationInfo;
        const isSame = (credentialDeviceType === 'multiDevice') === backupEligible;
        return verified && isSame ? { counter: newCounter } : undefined;
      }),
  };
};
