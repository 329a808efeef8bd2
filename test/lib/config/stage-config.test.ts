import { describe, expect, it } from 'vitest';
import type { StageConfig } from '../../../lib/config/stage-config.ts';
import { deployable, stages, validateStage } from '../../../lib/config/stage-config.ts';
import { stageConfig } from '../../../lib/config/stages/index.ts';
import { partnerDomain } from '../../synth/partner-domain.ts';

const prod = stageConfig('prod');
const local = stageConfig('local');
type Change = Partial<Record<keyof StageConfig, unknown>>;
const changed = (base: StageConfig, change: Change): StageConfig => ({ ...base, ...change }) as StageConfig;

describe('stageConfig', () => {
  it.each(stages)('gives the configuration of stage %s', (stage) => {
    expect(stageConfig(stage).stage).toBe(stage);
  });

  it('names the stages when there is no such one', () => {
    expect(() => stageConfig(undefined)).toThrow(
      'the stage is missing: add -c stage=<stage>, with one of local, dev, prod',
    );
    expect(() => stageConfig('staging')).toThrow('the stage is "staging": add -c stage=');
    expect(() => stageConfig('constructor')).toThrow('the stage is "constructor"');
  });
});

describe('validateStage names the wrong value and what was wanted', () => {
  const { archive, domain, concurrency, passkeys, managedLogin: login } = prod;
  const euCertificate = domain?.certificateArn.replace('us-east-1', 'eu-west-1');
  it.each<[StageConfig, Change, string]>([
    [prod, { stage: 'x' }, 'stage is "x", but must be one of local, dev, prod'],
    [prod, { account: '12' }, 'account of stage prod is "12", but must be 12 digits'],
    [prod, { region: 'mars' }, 'region of stage prod is "mars", but must be an AWS region such as us-east-1'],
    [prod, { domain: undefined }, 'domain.name of stage prod is undefined, but must be a fully qualified'],
    [prod, { domain: { ...domain, name: 'Example' } }, 'domain.name of stage prod is "Example"'],
    [prod, { domain: { ...domain, certificateArn: 'arn' } }, 'domain.certificateArn of stage prod is "arn"'],
    [prod, { region: 'eu-west-1' }, 'must be an ACM certificate of region eu-west-1'],
    [prod, { managedLogin: undefined }, 'managedLogin.name of stage prod is undefined'],
    [prod, { managedLogin: { ...login, name: 'auth' } }, 'managedLogin.name of stage prod is "auth"'],
    [
      prod,
      { managedLogin: { ...login, certificateArn: euCertificate } },
      'must be an ACM certificate of region us-east-1 and account 000000000000',
    ],
    [local, { managedLogin: { prefix: 'Clinic' } }, 'managedLogin.prefix of stage local is "Clinic"'],
    [local, { managedLogin: { prefix: 'my-cognito' } }, 'without the words aws, amazon and cognito'],
    [prod, { partnerDomain: { ...partnerDomain, name: 'x' } }, 'partnerDomain.name of stage prod is "x"'],
    [prod, { partnerDomain: { ...partnerDomain, name: domain?.name } }, 'another name than domain.name'],
    [
      prod,
      { partnerDomain: { ...partnerDomain, certificateArn: euCertificate } },
      'partnerDomain.certificateArn of stage prod',
    ],
    ...(['bucket', 'key', 'version'] as const).map((member): [StageConfig, Change, string] => [
      prod,
      { partnerDomain: { ...partnerDomain, truststore: { ...partnerDomain.truststore, [member]: '' } } },
      `partnerDomain.truststore.${member} of stage prod is ""`,
    ]),
    [prod, { partnerDomain: { ...partnerDomain, truststore: undefined } }, 'partnerDomain.truststore.bucket'],
    [prod, { keyAdministrators: [] }, 'keyAdministrators of stage prod is [], but must be at least one'],
    [prod, { keyAdministrators: ['*'] }, 'keyAdministrators of stage prod is ["*"]'],
    [prod, { keyAdministrators: ['arn:aws:iam::111122223333:role/*'] }, 'keyAdministrators of stage prod is'],
    [
      prod,
      { administrativeFactor: 'totp' },
      'administrativeFactor of stage prod is "totp", but must be \'passkey\'',
    ],
    [stageConfig('dev'), { administrativeFactor: 'totp' }, 'administrativeFactor of stage dev'],
    [local, { administrativeFactor: 'sms' }, "but must be 'passkey' or 'totp'"],
    [
      prod,
      { accessTokenMinutes: 16 },
      'accessTokenMinutes of stage prod is 16, but must be a whole number from 5 to 15',
    ],
    [prod, { stepUpMinutes: 6 }, 'stepUpMinutes of stage prod is 6, but must be a whole number from 1 to 5'],
    [
      prod,
      { passkeys: { ...passkeys, relyingParty: 'other.example.org' } },
      'passkeys.relyingParty of stage prod is "other.example.org", but must be api.chartlock.example.org or a domain above it',
    ],
    [
      prod,
      { passkeys: { ...passkeys, relyingParty: 'org' } },
      'passkeys.relyingParty of stage prod is "org"',
    ],
    [prod, { passkeys: { ...passkeys, relyingParty: '' } }, 'passkeys.relyingParty of stage prod is ""'],
    [prod, { passkeys: undefined }, 'passkeys.relyingParty of stage prod is undefined'],
    [local, { passkeys: { ...passkeys, relyingParty: '127.0.0.1' } }, "but must be 'localhost'"],
    ...[
      [],
      ['http://app.chartlock.example.org'],
      ['https://app.chartlock.example.org/'],
      ['https://chartlock.example.org.evil.org'],
      ['https://evilchartlock.example.org'],
      ['app.chartlock.example.org'],
      ['https://app.chartlock.example.org', '*'],
    ].map((origins): [StageConfig, Change, string] => [
      prod,
      { passkeys: { ...passkeys, origins } },
      `passkeys.origins of stage prod is ${JSON.stringify(origins)}, but must be at least one https origin on chartlock.example.org or below it`,
    ]),
    [
      prod,
      { workforceSession: { idleMinutes: 16, absoluteHours: 12 } },
      'workforceSession.idleMinutes of stage prod is 16',
    ],
    [
      prod,
      { workforceSession: { idleMinutes: 15, absoluteHours: 13 } },
      'workforceSession.absoluteHours of stage prod is 13',
    ],
    [
      prod,
      { patientSession: { idleMinutes: 31, absoluteHours: 24 } },
      'patientSession.idleMinutes of stage prod is 31',
    ],
    [
      prod,
      { patientSession: { idleMinutes: 30, absoluteHours: 25 } },
      'patientSession.absoluteHours of stage prod is 25',
    ],
    [prod, { patientSession: undefined }, 'patientSession.idleMinutes of stage prod is undefined'],
    [
      prod,
      { archive: { ...archive, mode: 'GOVERNANCE' } },
      'archive.mode of stage prod is "GOVERNANCE", but must be \'COMPLIANCE\'',
    ],
    [
      prod,
      { archive: { ...archive, days: 2191 } },
      'archive.days of stage prod is 2191, but must be a whole number from 2192',
    ],
    [
      local,
      { archive: { mode: 'COMPLIANCE', days: 1 } },
      'archive.mode of stage local is "COMPLIANCE", but must be \'GOVERNANCE\'',
    ],
    [local, { archive: { mode: 'GOVERNANCE', days: 2 } }, 'archive.days of stage local is 2, but must be 1'],
    [
      prod,
      { logRetentionDays: 30 },
      'logRetentionDays of stage prod is 30, but must be a period that CloudWatch Logs knows, 365 days',
    ],
    [local, { logRetentionDays: 8 }, 'logRetentionDays of stage local is 8'],
    [prod, { throttle: { ratePerSecond: 0, burst: 1 } }, 'throttle.ratePerSecond of stage prod is 0'],
    [prod, { throttle: { ratePerSecond: 1, burst: 1.5 } }, 'throttle.burst of stage prod is 1.5'],
    [prod, { perAddress: { requests: 9, signIns: 10 } }, 'perAddress.requests of stage prod is 9'],
    [prod, { perAddress: { requests: 10, signIns: 0 } }, 'perAddress.signIns of stage prod is 0'],
    [prod, { concurrency: { ...concurrency, preToken: 0 } }, 'concurrency.preToken of stage prod is 0'],
  ])('%#', (base, change, sentence) => {
    expect(() => validateStage(changed(base, change))).toThrow(sentence);
  });

  it('takes shorter sessions and longer locks', () => {
    const stricter = changed(prod, {
      accessTokenMinutes: 5,
      workforceSession: { idleMinutes: 5, absoluteHours: 8 },
      archive: { ...archive, days: 3653 },
    });
    expect(validateStage(stricter)).toEqual(stricter);
  });
});

describe('deployable', () => {
  const own: Change = {
    account: '123456789012',
    domain: {
      name: 'api.clinic.health',
      certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/1b0bd3a1-5f3a-4b5e-9d3c-0a1b2c3d4e5f',
    },
    managedLogin: {
      name: 'auth.clinic.health',
      certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/1b0bd3a1-5f3a-4b5e-9d3c-0a1b2c3d4e5f',
    },
    keyAdministrators: ['arn:aws:iam::123456789012:role/key-administrator'],
    passkeys: { relyingParty: 'clinic.health', origins: ['https://app.clinic.health'] },
  };

  it('takes a configuration without placeholders, and the local stage', () => {
    expect(deployable(changed(prod, own)).account).toBe('123456789012');
    expect(deployable(local)).toBe(local);
  });

  it.each(['account', 'domain', 'managedLogin', 'keyAdministrators', 'passkeys'] as const)(
    'refuses a placeholder in %s',
    (name) => {
      expect(() => deployable(changed(prod, { ...own, [name]: prod[name] }))).toThrow(
        new RegExp(`^${name}.* in lib/config/stages/prod.ts is still a placeholder`),
      );
    },
  );

  it('refuses an example of a partners’ domain, or the prefix of another account', () => {
    for (const [change, name] of [
      [{ partnerDomain }, 'partnerDomain.name'],
      [{ managedLogin: stageConfig('dev').managedLogin }, 'managedLogin.prefix'],
    ] as const)
      expect(() => deployable(changed(prod, { ...own, ...change }))).toThrow(`${name} in lib/config`);
  });

  it.each(['dev', 'prod'] as const)('refuses stage %s as it is in the repository', (stage) => {
    expect(() => deployable(stageConfig(stage))).toThrow('is still a placeholder');
  });
});
