import * as oauth from 'openid-client';
import { totpCode } from '../../scripts/local/api-client.ts';
import type { Answer, Send } from './client.ts';
import type { Clinic, Person } from './clinic.ts';

/** A registered client, as the API answered it. */
export interface RegisteredClient {
  readonly id: string;
  readonly secret?: string;
}

/** HTTPS over the platform's certificate authority, in the shape that the client library asks for. */
const fetchBy =
  (send: Send): oauth.CustomFetch =>
  async (url, { method, headers, body }) => {
    const { pathname, search } = new URL(url);
    const answer = await send({
      method,
      path: `${pathname}${search}`,
      headers,
      ...(body !== undefined && body !== null && { body: String(body) }),
    });
    return new Response(answer.text, {
      status: answer.status,
      headers: { 'content-type': String(answer.headers['content-type'] ?? '') },
    });
  };

/** The client library, set up for a client of the pool with the addresses of the local runtime. */
export const configurationOf = (
  { runtime, send }: Clinic,
  { id, secret }: RegisteredClient,
): oauth.Configuration => {
  const server = {
    issuer: runtime.issuer,
    authorization_endpoint: `${runtime.baseUrl}/oauth2/authorize`,
    token_endpoint: `${runtime.baseUrl}/oauth2/token`,
  };
  const authentication = secret === undefined ? oauth.None() : oauth.ClientSecretBasic(secret);
  const configuration = new oauth.Configuration(server, id, {}, authentication);
  configuration[oauth.customFetch] = fetchBy(send);
  return configuration;
};

/** Where managed login sends a person of the tests back. */
export const redirectUri = 'https://portal.example/callback';

/** What began at an application, until it has its tokens. */
export interface Authorization {
  readonly url: URL;
  readonly verifier: string;
  readonly state: string;
}

/** Begins a sign-in as an application does: code, state and proof key. */
export const authorization = async (
  configuration: oauth.Configuration,
  scope: string,
  change: Readonly<Record<string, string>> = {},
): Promise<Authorization> => {
  const verifier = oauth.randomPKCECodeVerifier();
  const state = oauth.randomState();
  const url = oauth.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    prompt: 'login',
    ...change,
  });
  return { url, verifier, state };
};

const inputsOf = (page: string): Record<string, string> =>
  Object.fromEntries(
    [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(
      ([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')],
    ),
  );

/** Opens the sign-in page, as a browser does. */
export const openPage = (send: Send, { url }: Pick<Authorization, 'url'>): Promise<Answer> =>
  send({ path: `${url.pathname}${url.search}` });

/** Fills in the sign-in page. */
export const submitPage = (
  send: Send,
  page: Answer,
  entered: Readonly<Record<string, string>>,
): Promise<Answer> =>
  send({
    method: 'POST',
    path: '/oauth2/login',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...inputsOf(page.text), ...entered }).toString(),
  });

/**
 * Signs a person in at managed login.
 * @returns the address at which the application gets its code
 */
export const signInAtPage = async (
  { send }: Clinic,
  began: Authorization,
  { credentials }: Person,
): Promise<URL> => {
  const { email, password, totpSecret } = credentials;
  const done = await submitPage(send, await openPage(send, began), {
    username: email,
    password,
    totp: totpCode(totpSecret),
  });
  if (done.status !== 302) throw new Error(`managed login answered ${done.status}`);
  return new URL(String(done.headers.location));
};

/** The whole of it: from the application's request to its tokens. */
export const tokensOf = async (
  clinic: Clinic,
  configuration: oauth.Configuration,
  person: Person,
  scope: string,
) => {
  const began = await authorization(configuration, scope);
  const callback = await signInAtPage(clinic, began, person);
  return oauth.authorizationCodeGrant(configuration, callback, {
    pkceCodeVerifier: began.verifier,
    expectedState: began.state,
  });
};
