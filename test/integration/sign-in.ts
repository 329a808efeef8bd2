import type { Answer, Send } from './client.ts';
import { expectStatus } from './client.ts';
import { oneTimeCode } from './one-time-code.ts';

/** What a person signs in with; the secret is kept after the first sign-in enrolled it. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly totpSecret?: string;
}

/** A finished sign-in. */
export interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** What is good for the next sign-in. */
  readonly credentials: Required<Credentials>;
  /** Every answer on the way, in order: the last one issued the tokens. */
  readonly answers: readonly Answer[];
}

const newPassword = (): string => `Synthetic-${crypto.randomUUID()}-A1!`;

/**
 * Signs in through every challenge: a temporary password is replaced, a TOTP device enrolled, a code answered.
 * @throws Error when the sign-in is refused
 */
export const signIn = async (send: Send, { email, password, totpSecret }: Credentials): Promise<SignedIn> => {
  const path = '/identity/v1/auth';
  const credentials = { email, password, totpSecret: totpSecret ?? '' };
  const answers = [await send({ method: 'POST', path: `${path}/login`, body: { email, password } })];
  for (;;) {
    const { body } = expectStatus(answers.at(-1) as Answer, 200);
    const { challenge, session, secret } = body as Record<string, string>;
    if (challenge === undefined) {
      const { accessToken, refreshToken } = body as Record<string, string>;
      return { accessToken: accessToken ?? '', refreshToken: refreshToken ?? '', credentials, answers };
    }
    if (challenge === 'NEW_PASSWORD_REQUIRED') credentials.password = newPassword();
    else if (secret !== undefined) credentials.totpSecret = secret;
    const proof =
      challenge === 'NEW_PASSWORD_REQUIRED'
        ? { newPassword: credentials.password }
        : { code: await oneTimeCode(credentials.totpSecret) };
    answers.push(
      await send({ method: 'POST', path: `${path}/challenge`, body: { challenge, session, ...proof } }),
    );
  }
};
