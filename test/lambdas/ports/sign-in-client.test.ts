import { createHmac } from 'node:crypto';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { describe, expect, test } from 'vitest';
import { type PendingChallenge, signInClient } from '../../../lambdas/ports/sign-in-client.ts';
import { answering } from './answering.ts';

const email = 'synthetic@staff.example';
const secret = 'client-secret';
const pending: PendingChallenge = {
  challenge: 'SOFTWARE_TOKEN_MFA',
  username: 'user-1',
  session: 'session-1',
};
const failure = (name: string) => () => Promise.reject(Object.assign(new Error('down'), { name }));
const output = (content: object) => async () => ({ output: content });

/** A façade's client whose secret can be read, and which reaches no pool. */
const newClient = (readSecret: () => Promise<{ output: object }> = withSecret(secret)) => {
  const cognito = new CognitoIdentityProviderClient({ region: 'us-east-1' });
  const client = signInClient({ pool: 'pool', client: 'client', cognito });
  const during = <T>(
    command: string,
    answer: Parameters<typeof answering>[2],
    run: (of: typeof client) => Promise<T>,
  ): Promise<T> =>
    answering(cognito, 'DescribeUserPoolClient', readSecret, () =>
      answering(cognito, command, answer, () => run(client)),
    );
  return { during };
};
const withSecret = (ClientSecret?: string) => output({ UserPoolClient: { ClientSecret } });

const login = (answer: Parameters<typeof answering>[2], readSecret = withSecret(secret)) =>
  newClient(readSecret).during('AdminInitiateAuth', answer, ({ start }) => start(email, 'password'));

describe('a step of a sign-in', () => {
  test('is proved by the client’s secret', async () => {
    const sent: object[] = [];
    const answer = async (_real: unknown, input: object) => {
      sent.push(input);
      return { output: {} };
    };
    const { during } = newClient();
    await during('AdminInitiateAuth', answer, ({ start }) => start(email, 'password'));
    await during('AdminRespondToAuthChallenge', answer, (of) => of.answer(pending, { code: '123456' }));
    const proof = (username: string) =>
      createHmac('sha256', secret).update(`${username}client`).digest('base64');
    expect(sent).toMatchObject([
      { AuthParameters: { USERNAME: email, SECRET_HASH: proof(email) } },
      { ChallengeResponses: { USERNAME: 'user-1', SECRET_HASH: proof('user-1') } },
    ]);
  });

  test('goes on with a challenge that the façade knows', async () => {
    const step = await login(output({ ChallengeName: 'MFA_SETUP', Session: 'session-2' }));
    expect(step).toEqual({
      pending: { challenge: 'MFA_SETUP', username: email, session: 'session-2' },
    });
  });

  test.each([
    ['by a challenge that the façade does not know', { ChallengeName: 'SMS_MFA', Session: 'session-2' }],
    ['by a challenge that cannot be answered', { ChallengeName: 'MFA_SETUP' }],
    ['by no challenge at all', { Session: 'session-2' }],
  ])('is refused %s', async (_by, content) => {
    expect(await login(output(content))).toEqual({ refused: 'answer' });
  });

  test('that Cognito refuses is refused; one that fails there is not', async () => {
    expect(await login(failure('NotAuthorizedException'))).toEqual({ refused: 'answer' });
    await expect(login(failure('InternalErrorException'))).rejects.toThrow('down');
    await expect(login(failure('InvalidParameterException'))).rejects.toThrow('down');
  });

  test.each([
    'InvalidPasswordException',
    'PasswordHistoryPolicyViolationException',
    'InvalidParameterException',
  ])('is refused for a new password that Cognito does not like: %s', async (name) => {
    const answered = newClient().during('AdminRespondToAuthChallenge', failure(name), ({ answer }) =>
      answer({ ...pending, challenge: 'NEW_PASSWORD_REQUIRED' }, { newPassword: ' x' }),
    );
    expect(await answered).toEqual({ refused: 'weak password' });
    const code = newClient().during('AdminRespondToAuthChallenge', failure(name), ({ answer }) =>
      answer(pending, { code: '123456' }),
    );
    await expect(code).rejects.toThrow('down');
  });

  test('that fails for a new password is not refused', async () => {
    const answered = newClient().during(
      'AdminRespondToAuthChallenge',
      failure('InternalErrorException'),
      ({ answer }) => answer({ ...pending, challenge: 'NEW_PASSWORD_REQUIRED' }, { newPassword: 'x' }),
    );
    await expect(answered).rejects.toThrow('down');
  });

  test('carries the handle of its evidence, for the token trigger, and nothing without', async () => {
    const sent: { ClientMetadata?: object }[] = [];
    const answer = async (_real: unknown, input: object) => {
      sent.push(input);
      return { output: {} };
    };
    const { during } = newClient();
    for (const evidence of ['handle', undefined])
      await during('AdminRespondToAuthChallenge', answer, (of) =>
        of.answer(pending, { code: '123456' }, evidence),
      );
    expect(sent.map(({ ClientMetadata }) => ClientMetadata)).toEqual([{ evidence: 'handle' }, undefined]);
  });
});

describe('a sign-in that the façade has verified itself', () => {
  const begin = (begun: Parameters<typeof answering>[2], ended: Parameters<typeof answering>[2]) => {
    const sent: object[] = [];
    const noted =
      (answer: Parameters<typeof answering>[2]): Parameters<typeof answering>[2] =>
      (real, input) => {
        sent.push(input);
        return answer(real, input);
      };
    const cognito = new CognitoIdentityProviderClient({ region: 'us-east-1' });
    const client = signInClient({ pool: 'pool', client: 'client', cognito });
    const step = answering(cognito, 'DescribeUserPoolClient', withSecret(secret), () =>
      answering(cognito, 'AdminInitiateAuth', noted(begun), () =>
        answering(cognito, 'AdminRespondToAuthChallenge', noted(ended), () =>
          client.startVerified('subject-1', 'handle'),
        ),
      ),
    );
    return { step, sent };
  };
  const challenge = output({ ChallengeName: 'CUSTOM_CHALLENGE', Session: 'session-2' });
  const tokens = output({
    AuthenticationResult: { AccessToken: 'access', ExpiresIn: 900, RefreshToken: 'refresh' },
  });

  test('answers our challenge with the handle of its evidence', async () => {
    const { step, sent } = begin(challenge, tokens);
    expect(await step).toEqual({
      tokens: { accessToken: 'access', expiresIn: 900, refreshToken: 'refresh' },
    });
    const proof = createHmac('sha256', secret).update('subject-1client').digest('base64');
    expect(sent).toEqual([
      {
        UserPoolId: 'pool',
        ClientId: 'client',
        AuthFlow: 'CUSTOM_AUTH',
        AuthParameters: { USERNAME: 'subject-1', SECRET_HASH: proof },
      },
      {
        UserPoolId: 'pool',
        ClientId: 'client',
        ChallengeName: 'CUSTOM_CHALLENGE',
        Session: 'session-2',
        ClientMetadata: { evidence: 'handle' },
        ChallengeResponses: { USERNAME: 'subject-1', SECRET_HASH: proof, ANSWER: 'handle' },
      },
    ]);
  });

  test('takes no other challenge, and answers none', async () => {
    for (const name of ['SOFTWARE_TOKEN_MFA', 'PASSWORD_VERIFIER']) {
      const { step, sent } = begin(output({ ChallengeName: name, Session: 'session-2' }), tokens);
      expect(await step).toEqual({ refused: 'answer' });
      expect(sent).toHaveLength(1);
    }
  });

  test('takes no tokens without our challenge', async () => {
    expect(await begin(tokens, tokens).step).toEqual({ refused: 'answer' });
  });

  test('is refused when Cognito refuses, first or last', async () => {
    const refusing = failure('NotAuthorizedException');
    expect(await begin(refusing, tokens).step).toEqual({ refused: 'answer' });
    expect(await begin(challenge, refusing).step).toEqual({ refused: 'answer' });
    expect(await begin(challenge, failure('UserLambdaValidationException')).step).toEqual({
      refused: 'answer',
    });
  });

  test('goes on with a code when Cognito asks for one', async () => {
    const asks = output({ ChallengeName: 'SOFTWARE_TOKEN_MFA', Session: 'session-3' });
    expect(await begin(challenge, asks).step).toMatchObject({ pending: { challenge: 'SOFTWARE_TOKEN_MFA' } });
  });
});

describe('the client’s secret', () => {
  test('must be there', async () => {
    await expect(login(output({}), withSecret())).rejects.toThrow('the sign-in client has no secret');
    await expect(login(output({}), withSecret(''))).rejects.toThrow('the sign-in client has no secret');
  });

  test('that could not be read is read again', async () => {
    let isDown = true;
    const { during } = newClient(async () =>
      isDown ? failure('InternalErrorException')() : withSecret(secret)(),
    );
    const digest = () => during('none', output({}), (of) => of.digest('label', 'value'));
    await expect(digest()).rejects.toThrow('down');
    isDown = false;
    expect(await digest()).toBe(
      createHmac('sha256', secret).update('chartlock/label\nvalue').digest('base64url'),
    );
  });
});

describe('the enrolment of a device', () => {
  test.each([{ SecretCode: 'secret' }, { Session: 'session-2' }])(
    'does not begin with %j alone',
    async (content) => {
      const begun = newClient().during('AssociateSoftwareToken', output(content), (of) =>
        of.associate('session-1'),
      );
      await expect(begun).rejects.toThrow('no TOTP secret was given');
    },
  );

  test('is verified by its status', async () => {
    const verified = (Status: string) =>
      newClient().during('VerifySoftwareToken', output({ Status, Session: 'session-2' }), (of) =>
        of.verify('session-1', '123456'),
      );
    expect(await verified('SUCCESS')).toBe('session-2');
    expect(await verified('ERROR')).toBeUndefined();
  });
});
