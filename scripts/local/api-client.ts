import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { TOTP } from 'otpauth';
import { LocalError } from './local-error.ts';
import type { DemoUser, RuntimeInfo } from './runtime-info.ts';

/** Where the API is and which certificate authority vouches for it. */
export type ApiLocation = Pick<RuntimeInfo, 'baseUrl' | 'caCertificate'>;

/** One request to the API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  /** From the root of the domain, such as `/clinical/v1/patients`. */
  readonly path: string;
  readonly token?: string;
  /** Sent as JSON; a string or bytes as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The API's answer. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON; the text when it is something else; undefined when it is empty. */
  readonly body: unknown;
}

const timeoutMilliseconds = 60_000;

/** Sends one request over TLS 1.3, trusting the local certificate authority only. */
export function call(
  location: ApiLocation,
  { method, path, token, body, headers = {} }: ApiRequest,
): Promise<ApiResponse> {
  const content =
    body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, location.baseUrl), {
      method,
      ca: readFileSync(location.caCertificate),
      minVersion: 'TLSv1.3',
      agent: false,
      timeout: timeoutMilliseconds,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...(content === undefined || 'transfer-encoding' in headers
          ? {}
          : { 'content-length': Buffer.byteLength(content) }),
        ...headers,
      },
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: parsed(text) });
      });
    });
    outgoing.end(content);
  });
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The tokens of a finished sign-in. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
  readonly scope: string;
}

interface Challenge {
  readonly challenge: 'NEW_PASSWORD_REQUIRED' | 'MFA_SETUP' | 'SOFTWARE_TOKEN_MFA';
  readonly session: string;
  readonly secret?: string;
}

/** What a person knows and has when signing in. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly totpSecret?: string;
}

const period = 30_000;

/**
 * The code of an authenticator app with this secret.
 * @param ahead - how many periods from now
 */
export const totpCode = (secret: string, ahead = 0): string =>
  new TOTP({ secret }).generate({ timestamp: Date.now() + ahead * period });

/** The API refused an answer to a challenge. */
class RefusedAnswer extends LocalError {
  constructor(message: string) {
    super(`${message}\nA TOTP code is good for one sign-in: try again in half a minute.`);
  }
}

/**
 * Signs in with e-mail address, password and TOTP code. A code is good for one sign-in: when the current one was used
 * already, the next one is, which is accepted half a minute early.
 * @throws LocalError when the API refuses
 */
export async function signIn(location: ApiLocation, user: Credentials | DemoUser): Promise<Tokens> {
  try {
    return (await walkChallenges(location, user, user.password)).tokens;
  } catch (error) {
    if (!(error instanceof RefusedAnswer)) throw error;
    return (await walkChallenges(location, user, user.password, 1)).tokens;
  }
}

/**
 * The first sign-in of a new user: replaces the temporary password and enrols an authenticator app.
 * @param password - the one to have from now on
 * @returns the tokens and the TOTP secret
 */
export async function enrol(
  location: ApiLocation,
  user: { readonly email: string; readonly temporaryPassword: string },
  password: string,
): Promise<{ tokens: Tokens; totpSecret: string }> {
  const credentials = { email: user.email, password: user.temporaryPassword };
  const { tokens, totpSecret } = await walkChallenges(location, credentials, password);
  if (totpSecret === undefined)
    throw new LocalError(`${user.email} was not asked to set up an authenticator app.`);
  return { tokens, totpSecret };
}

async function walkChallenges(
  location: ApiLocation,
  user: Credentials,
  newPassword: string,
  ahead = 0,
): Promise<{ tokens: Tokens; totpSecret: string | undefined }> {
  let totpSecret = user.totpSecret;
  let answer = await authenticate(location, 'login', { email: user.email, password: user.password });
  while ('challenge' in answer) {
    const { challenge, session } = answer;
    totpSecret = answer.secret ?? totpSecret;
    answer = await authenticate(location, 'challenge', {
      challenge,
      session,
      ...(challenge === 'NEW_PASSWORD_REQUIRED'
        ? { newPassword }
        : { code: totpCode(totpSecret ?? '', ahead) }),
    });
  }
  return { tokens: answer, totpSecret };
}

async function authenticate(location: ApiLocation, step: string, body: unknown): Promise<Tokens | Challenge> {
  const response = await call(location, { method: 'POST', path: `/identity/v1/auth/${step}`, body });
  if (response.status !== 200) {
    const Refusal = step === 'challenge' ? RefusedAnswer : LocalError;
    throw new Refusal(`Sign-in (${step}) was refused: ${response.status} ${JSON.stringify(response.body)}`);
  }
  return response.body as Tokens | Challenge;
}
