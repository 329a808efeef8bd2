import { describe, expect, it } from 'vitest';
import { operations, scopesOf, scopesOpening } from '../../model/derive/operations.ts';
import { roles } from '../../model/vocabulary.ts';
import type { SynthesizedResource } from './synthesized.ts';
import { synthesized } from './synthesized.ts';

const prod = synthesized('prod');
const only = (type: string): SynthesizedResource => {
  const found = prod.ofType(type);
  expect(found).toHaveLength(1);
  return found[0] as SynthesizedResource;
};
const { properties: pool, deletionPolicy } = only('AWS::Cognito::UserPool');

describe('the user pool', () => {
  it('demands a second factor of everyone, and knows TOTP only', () => {
    expect(pool.MfaConfiguration).toBe('ON');
    expect(pool.EnabledMfas).toEqual(['SOFTWARE_TOKEN_MFA']);
    expect(pool.SmsConfiguration).toBeUndefined();
    expect(pool.AutoVerifiedAttributes ?? []).not.toContain('phone_number');
  });

  it('knows no passkeys of its own, which no reset of factors would reach', () => {
    expect(pool.Policies.SignInPolicy.AllowedFirstAuthFactors).toEqual(['PASSWORD']);
    expect(Object.keys(pool).filter((property) => property.startsWith('WebAuthn'))).toEqual([]);
    for (const { properties } of prod.ofType('AWS::Cognito::UserPoolClient'))
      expect(properties.ExplicitAuthFlows).not.toContain('ALLOW_USER_AUTH');
  });

  it('lets nobody sign up or recover an account by itself', () => {
    expect(pool.AdminCreateUserConfig.AllowAdminCreateUserOnly).toBe(true);
    expect(pool.AccountRecoverySetting).toEqual({
      RecoveryMechanisms: [{ Name: 'admin_only', Priority: 1 }],
    });
  });

  it('demands strong passwords that are not used again', () => {
    const { PasswordPolicy } = pool.Policies;
    expect(PasswordPolicy.MinimumLength).toBeGreaterThanOrEqual(14);
    expect(PasswordPolicy.PasswordHistorySize).toBe(24);
    for (const kind of ['Lowercase', 'Numbers', 'Symbols', 'Uppercase'])
      expect(PasswordPolicy[`Require${kind}`]).toBe(true);
    expect(PasswordPolicy.TemporaryPasswordValidityDays).toBeLessThanOrEqual(3);
  });

  it('cannot be deleted', () => {
    expect(pool.DeletionProtection).toBe('ACTIVE');
    expect(deletionPolicy).toBe('Retain');
  });

  it('remembers no device, which would stand in for the second factor', () => {
    expect(pool.DeviceConfiguration).toBeUndefined();
  });

  const functions = prod.ofType('AWS::Lambda::Function').filter(({ stack }) => stack === 'identity');
  const functionNamed = (name: string) => functions.find(({ id }) => id.startsWith(name));
  const arnOf = (name: string) => `arn:identity/${functionNamed(name)?.id}`;

  it('asks our triggers for every token, and for every sign-in by passkey', () => {
    expect(pool.LambdaConfig).toEqual({
      PreTokenGenerationConfig: { LambdaArn: arnOf('PreToken'), LambdaVersion: 'V3_0' },
      DefineAuthChallenge: arnOf('PasskeyChallenge'),
      CreateAuthChallenge: arnOf('PasskeyChallenge'),
      VerifyAuthChallengeResponse: arnOf('PasskeyChallenge'),
    });
    expect(functionNamed('PreToken')?.properties.Environment.Variables.ADMINISTRATIVE_FACTOR).toBe('passkey');
  });
});

describe('the sign-in client', () => {
  const { properties: client } = only('AWS::Cognito::UserPoolClient');

  it('is confidential, and signs in by the façade only', () => {
    expect(client.GenerateSecret).toBe(true);
    expect([...client.ExplicitAuthFlows].sort()).toEqual([
      'ALLOW_ADMIN_USER_PASSWORD_AUTH',
      'ALLOW_CUSTOM_AUTH',
      'ALLOW_REFRESH_TOKEN_AUTH',
    ]);
  });

  it('has no OAuth grant: neither implicit nor any other', () => {
    expect(client.AllowedOAuthFlowsUserPoolClient ?? false).toBe(false);
    expect(client.AllowedOAuthFlows).toBeUndefined();
    expect(client.AllowedOAuthScopes).toBeUndefined();
    expect(client.CallbackURLs).toBeUndefined();
  });

  it('tells no one whether a user exists', () => {
    expect(client.PreventUserExistenceErrors).toBe('ENABLED');
  });

  it('has short tokens that can be revoked', () => {
    expect(client.EnableTokenRevocation).toBe(true);
    expect(client.TokenValidityUnits).toEqual({
      AccessToken: 'minutes',
      IdToken: 'minutes',
      RefreshToken: 'minutes',
    });
    expect(client.AccessTokenValidity).toBeLessThanOrEqual(15);
    expect(client.IdTokenValidity).toBeLessThanOrEqual(15);
    expect(client.RefreshTokenValidity).toBeLessThanOrEqual(24 * 60);
    expect(client.AuthSessionValidity).toBeLessThanOrEqual(10);
  });
});

describe('every client of the pool', () => {
  // Those of applications and machines are made by the API: test/lambdas/ports/app-clients.test.ts.
  it.each(prod.ofType('AWS::Cognito::UserPoolClient'))(
    '$id has no implicit grant, short tokens and no scope of self-service',
    ({ properties }) => {
      expect(properties.AllowedOAuthFlows ?? []).not.toContain('implicit');
      expect(properties.AllowedOAuthScopes ?? []).not.toContain('aws.cognito.signin.user.admin');
      expect(properties.PreventUserExistenceErrors).toBe('ENABLED');
      expect(properties.TokenValidityUnits.AccessToken).toBe('minutes');
      expect(properties.AccessTokenValidity).toBeLessThanOrEqual(15);
      expect(properties.ExplicitAuthFlows).not.toContain('ALLOW_USER_PASSWORD_AUTH');
    },
  );
});

describe('managed login', () => {
  it('has a domain of its own, with the newer pages', () => {
    const { managedLogin } = prod.config;
    expect(only('AWS::Cognito::UserPoolDomain').properties).toMatchObject({
      ...('name' in managedLogin && {
        Domain: managedLogin.name,
        CustomDomainConfig: { CertificateArn: managedLogin.certificateArn },
      }),
      ManagedLoginVersion: 2,
    });
  });

  it('can have a name under Amazon’s domain instead', () => {
    const dev = synthesized('dev').ofType('AWS::Cognito::UserPoolDomain')[0];
    expect(dev?.properties).toMatchObject({ Domain: 'chartlock-dev-000000000000', ManagedLoginVersion: 2 });
    expect(dev?.properties.CustomDomainConfig).toBeUndefined();
  });
});

describe('the resource servers', () => {
  const servers = prod.ofType('AWS::Cognito::UserPoolResourceServer');
  const scopes = servers.flatMap(({ properties }) =>
    properties.Scopes.map(({ ScopeName }: { ScopeName: string }) => `${properties.Identifier}/${ScopeName}`),
  );

  it('offer exactly the scopes of the operations', () => {
    const wanted = new Set(operations.flatMap(scopesOpening));
    expect([...scopes].sort()).toEqual([...wanted].sort());
  });

  it('know every scope that a role’s token can carry', () => {
    for (const role of roles) for (const scope of scopesOf(role)) expect(scopes).toContain(scope);
  });
});
