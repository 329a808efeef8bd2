import { describe, expect, it } from 'vitest';
import { functions } from '../../lib/constructs/role-paths.ts';
import { branchesOf } from '../../model/derive/grants.ts';
import { branches } from '../../model/vocabulary.ts';
import type { IamRequest } from './evaluate-policy.ts';
import { evaluatePolicy, isAllowed } from './evaluate-policy.ts';
import { arnOf, keyPolicy, roleOf, statementsOf } from './roles.ts';
import { synthesized } from './synthesized.ts';

const prod = synthesized('prod');
const own = 'aaaaaaaaaaaa';
const other = 'bbbbbbbbbbbb';
const patient = '01JD0000000000000000000000';
const tableArn = {
  records: arnOf(prod, 'AWS::DynamoDB::GlobalTable', 'data', 'Records'),
  keyring: arnOf(prod, 'AWS::DynamoDB::GlobalTable', 'data', 'Keyring'),
  directory: arnOf(prod, 'AWS::DynamoDB::GlobalTable', 'data', 'Directory'),
  sessions: arnOf(prod, 'AWS::DynamoDB::GlobalTable', 'data', 'Sessions'),
  audit: arnOf(prod, 'AWS::DynamoDB::GlobalTable', 'audit', 'Audit'),
};
const fieldKey = arnOf(prod, 'AWS::KMS::Key', 'keys', 'Field');
const archive = arnOf(prod, 'AWS::S3::Bucket', 'audit', 'Archive');

/** Every role of a function: its own, and the one for a tenant where it has one. */
const roles = functions.flatMap((name) =>
  (['own', 'tenant'] as const).flatMap((which) => {
    const path = `/chartlock/prod/${name}/${which}/`;
    return prod.ofType('AWS::IAM::Role').some(({ properties }) => properties.Path === path)
      ? [{ name, which, ...roleOf(prod, name, which) }]
      : [];
  }),
);
const clinical = roleOf(prod, 'clinical', 'tenant');
const session = (tenant: string) => ({ 'aws:PrincipalTag/tenant': tenant });

const may = (
  role: { readonly arn: string; readonly statements: typeof clinical.statements },
  table: keyof typeof tableArn,
  action: string,
  keys: readonly string[] | undefined,
  tenant: string | undefined = own,
  suffix = '',
): boolean =>
  isAllowed(
    {
      principal: role.arn,
      action: `dynamodb:${action}`,
      resource: `${tableArn[table]}${suffix}`,
      context: { ...(tenant && session(tenant)), ...(keys && { 'dynamodb:LeadingKeys': keys }) },
    },
    role.statements,
  );

const itemActions = [
  'GetItem',
  'BatchGetItem',
  'Query',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'ConditionCheckItem',
];

describe('the clinical function, for a tenant', () => {
  it('reaches charts, keys and sessions of the tenant', () => {
    const chart = [`T#${own}#P#${patient}`];
    const used = ['BatchGetItem', 'Query', 'PutItem'];
    for (const action of itemActions)
      expect(may(clinical, 'records', action, chart), action).toBe(used.includes(action));
    expect(may(clinical, 'keyring', 'BatchGetItem', [`T#${own}#B#clinical`, ...chart])).toBe(true);
    expect(may(clinical, 'keyring', 'PutItem', chart)).toBe(true);
    expect(may(clinical, 'sessions', 'UpdateItem', [`T#${own}#U#subject`])).toBe(true);
    expect(may(clinical, 'audit', 'PutItem', [`T#${own}#E#2026-11-22#0`])).toBe(true);
  });

  it.each(itemActions)('reaches nothing of another tenant by %s', (action) => {
    for (const table of Object.keys(tableArn) as (keyof typeof tableArn)[])
      for (const kind of ['P#x', 'X#x', 'B#clinical', 'I#x', 'U#x', 'E#2026-11-22#0', 'U', '']) {
        expect(may(clinical, table, action, [`T#${other}#${kind}`])).toBe(false);
        expect(may(clinical, table, action, [`T#${own}#${kind}`, `T#${other}#${kind}`])).toBe(false);
        expect(may(clinical, table, action, [`T#${own}x#${kind}`])).toBe(false);
      }
  });

  it('reaches nothing without a tenant, or with a wildcard for one', () => {
    for (const table of ['records', 'keyring', 'sessions', 'audit'] as const)
      for (const action of itemActions) {
        expect(may(clinical, table, action, [`T#${own}#P#x`], '')).toBe(false);
        expect(may(clinical, table, action, [`T#${own}#P#x`], '*')).toBe(false);
      }
  });

  it('deletes index entries only', () => {
    expect(may(clinical, 'records', 'DeleteItem', [`T#${own}#X#Patient.mrn#hmac`])).toBe(true);
    expect(may(clinical, 'records', 'DeleteItem', [`T#${own}#P#${patient}`])).toBe(false);
    expect(may(clinical, 'records', 'DeleteItem', [`T#${own}#I#digest`])).toBe(false);
  });

  it('never writes a branch key', () => {
    for (const action of ['PutItem', 'UpdateItem', 'DeleteItem'])
      expect(may(clinical, 'keyring', action, [`T#${own}#B#clinical`])).toBe(false);
  });

  it('opens its compartments of the own tenant only, in KMS and by key policy', () => {
    const request = (tenant: string, compartment: string): IamRequest => ({
      principal: clinical.arn,
      action: 'kms:Decrypt',
      resource: fieldKey,
      context: {
        ...session(own),
        'kms:EncryptionContext:tenant': tenant,
        'kms:EncryptionContext:compartment': compartment,
        'kms:EncryptionContextKeys': ['tenant', 'compartment'],
      },
    });
    const allowed = (tenant: string) =>
      branches.filter((branch) =>
        isAllowed(request(tenant, branch), clinical.statements, keyPolicy(prod, 'Field')),
      );
    expect(allowed(own)).toEqual(branchesOf('clinical'));
    expect(allowed(own)).toEqual(['identity', 'clinical', 'integrity', 'index']);
    expect(allowed(other)).toEqual([]);
    const bare = { ...request(own, 'clinical'), context: session(own) };
    const wider = request(own, 'clinical');
    const more = {
      ...wider,
      context: { ...wider.context, 'kms:EncryptionContextKeys': ['tenant', 'compartment', 'x'] },
    };
    for (const wrong of [
      bare,
      more,
      { ...wider, action: 'kms:Encrypt' },
      { ...wider, action: 'kms:GenerateDataKey' },
    ])
      expect(isAllowed(wrong, clinical.statements)).toBe(false);
  });
});

describe('tenant roles', () => {
  it.each(roles.filter(({ which }) => which === 'tenant'))(
    'the one of $name is for that function only',
    ({ name, trust }) => {
      const path = `/chartlock/prod/${name}/own/`;
      const role = prod.ofType('AWS::IAM::Role').find(({ properties }) => properties.Path === path);
      const trusted = `arn:${role?.stack}/${role?.id}`;
      const assume = (tags: Record<string, string>, principal = trusted, action = 'sts:TagSession') =>
        evaluatePolicy(trust, {
          principal,
          action,
          resource: '*',
          context: {
            ...Object.fromEntries(
              Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value]),
            ),
            'aws:TagKeys': Object.keys(tags),
          },
        });
      expect(trust).toHaveLength(1);
      expect(assume({ tenant: own })).toBe('allow');
      expect(assume({ tenant: own }, trusted, 'sts:AssumeRole')).toBe('allow');
      expect(assume({ tenant: 'platform' })).toBe('allow');
      for (const wrong of [
        {},
        { tenant: '' },
        { tenant: '*' },
        { tenant: 'short' },
        { tenant: own, role: 'x' },
      ])
        expect(assume(wrong as Record<string, string>)).toBe('silent');
      expect(assume({ tenant: own }, 'arn:other/Role')).toBe('silent');
    },
  );
});

describe('clinical, under its own role', () => {
  const role = roleOf(prod, 'clinical', 'own');
  it('looks up one principal and one client, and changes nothing', () => {
    expect(may(role, 'directory', 'GetItem', ['U#subject'])).toBe(true);
    expect(may(role, 'directory', 'GetItem', ['O#client'])).toBe(true);
    expect(may(role, 'directory', 'GetItem', [`T#${other}#`])).toBe(false);
    for (const table of Object.keys(tableArn) as (keyof typeof tableArn)[])
      for (const action of itemActions.filter((name) => !(table === 'directory' && name === 'GetItem')))
        for (const key of ['U#subject', 'O#client', `T#${own}#P#x`, `T#${own}#E#x`, 'C#x', 'R#x'])
          expect(may(role, table, action, [key])).toBe(false);
  });
});

describe('clinical, by either role', () => {
  it.each(['PutItem', 'UpdateItem', 'DeleteItem'])(
    'cannot %s in the directory, where roles and status live',
    (action) => {
      for (const which of ['own', 'tenant'] as const)
        for (const key of ['U#subject', `T#${own}#`, `T#${own}#U`])
          expect(may(roleOf(prod, 'clinical', which), 'directory', action, [key])).toBe(false);
    },
  );

  it.each(['C#x', 'R#x', 'A#x'])('cannot touch %s, which belongs to signing in', (key) => {
    for (const which of ['own', 'tenant'] as const)
      for (const action of itemActions)
        expect(may(roleOf(prod, 'clinical', which), 'sessions', action, [key])).toBe(false);
  });
});

describe('identity', () => {
  it('reaches no record and no key of one, by either role', () => {
    for (const which of ['own', 'tenant'] as const)
      for (const table of ['records', 'keyring'] as const)
        for (const action of itemActions)
          expect(may(roleOf(prod, 'identity', which), table, action, [`T#${own}#P#${patient}`])).toBe(false);
  });

  it('registers and removes clients, of which a removed one stays as a mark', () => {
    const role = roleOf(prod, 'identity', 'own');
    const allowed = (key: string): string[] =>
      itemActions.filter((action) => may(role, 'directory', action, [key]));
    expect(allowed('O#client')).toEqual([
      'GetItem',
      'BatchGetItem',
      'PutItem',
      'UpdateItem',
      'ConditionCheckItem',
    ]);
    expect(allowed(`T#${own}#O`)).toEqual([
      'Query',
      'PutItem',
      'UpdateItem',
      'DeleteItem',
      'ConditionCheckItem',
    ]);
    const together = ['U#subject', 'O#client', `T#${own}#U`, `T#${own}#O`];
    expect(may(role, 'directory', 'PutItem', together)).toBe(true);
  });

  it('adds people to the directory, and touches no tenant in it', () => {
    const role = roleOf(prod, 'identity', 'own');
    expect(may(role, 'directory', 'PutItem', ['U#subject'])).toBe(true);
    expect(may(role, 'directory', 'PutItem', [`T#${own}#U`])).toBe(true);
    for (const action of itemActions) expect(may(role, 'directory', action, [`T#${own}#`])).toBe(false);
    for (const action of ['GetItem', 'DeleteItem'])
      expect(may(role, 'directory', action, [`T#${own}#U`])).toBe(false);
  });

  it('ends sessions of any tenant, and reads those of one with its credentials only', () => {
    const [any, one] = [roleOf(prod, 'identity', 'own'), roleOf(prod, 'identity', 'tenant')];
    for (const action of itemActions) {
      expect(may(any, 'sessions', action, [`T#${other}#U#x`]), action).toBe(action === 'UpdateItem');
      expect(may(any, 'sessions', action, [`T#${other}#P#x`]), action).toBe(false);
      expect(may(one, 'sessions', action, [`T#${own}#U#x`]), action).toBe(
        ['GetItem', 'UpdateItem'].includes(action),
      );
      expect(may(one, 'sessions', action, [`T#${other}#U#x`]), action).toBe(false);
    }
  });

  it('seals tokens under its own key, for its two purposes', () => {
    const role = roleOf(prod, 'identity', 'own');
    const request = (purpose: string): IamRequest => ({
      principal: role.arn,
      action: 'kms:Decrypt',
      resource: arnOf(prod, 'AWS::KMS::Key', 'keys', 'Identity'),
      context: { 'kms:EncryptionContext:purpose': purpose, 'kms:EncryptionContextKeys': ['purpose', 'id'] },
    });
    const policy = keyPolicy(prod, 'Identity');
    expect(isAllowed(request('refresh'), role.statements, policy)).toBe(true);
    expect(isAllowed(request('challenge'), role.statements, policy)).toBe(true);
    expect(isAllowed(request('other'), role.statements, policy)).toBe(false);
    expect(isAllowed({ ...request('refresh'), context: {} }, role.statements)).toBe(false);
  });

  it('asks Cognito for its own pool only', () => {
    for (const name of ['identity', 'operator'] as const)
      for (const { Action, Resource } of roleOf(prod, name, 'own').statements)
        if (`${Action}`.includes('cognito-idp:')) expect(Resource).toMatch(/^arn:identity\/UserPool/);
  });
});

describe('pre-token', () => {
  it('reads the directory and nothing else', () => {
    const role = roleOf(prod, 'pre-token', 'own');
    for (const table of Object.keys(tableArn) as (keyof typeof tableArn)[])
      for (const action of itemActions)
        expect(may(role, table, action, ['U#subject'])).toBe(table === 'directory' && action === 'GetItem');
  });
});

describe('passkey-challenge', () => {
  it('reads what the façade verified, and nothing else', () => {
    const role = roleOf(prod, 'passkey-challenge', 'own');
    for (const table of Object.keys(tableArn) as (keyof typeof tableArn)[])
      for (const action of itemActions) {
        expect(may(role, table, action, ['E#handle'])).toBe(table === 'sessions' && action === 'GetItem');
        for (const key of ['A#account', 'C#handle', 'R#handle', `T#${own}#U#subject`, 'U#subject'])
          expect(may(role, table, action, [key])).toBe(false);
      }
  });
});

describe('the daily review of access', () => {
  const role = roleOf(prod, 'access-review', 'own');

  it('reads who may act, and neither records nor keys', () => {
    expect(may(role, 'directory', 'Query', ['L#TENANTS'])).toBe(true);
    for (const action of ['GetItem', 'UpdateItem'])
      expect(may(role, 'directory', action, ['U#subject'])).toBe(true);
    for (const table of ['records', 'keyring'] as const)
      for (const action of itemActions)
        expect(may(role, table, action, [`T#${own}#P#${patient}`])).toBe(false);
  });

  it('adds nobody, removes nobody, and touches no tenant and no client', () => {
    for (const action of ['PutItem', 'DeleteItem']) {
      expect(may(role, 'directory', action, ['U#subject'])).toBe(false);
      expect(may(role, 'directory', action, [`T#${own}#U`])).toBe(false);
    }
    for (const action of ['PutItem', 'UpdateItem', 'DeleteItem'])
      for (const key of [`T#${own}#`, 'O#client', 'L#TENANTS'])
        expect(may(role, 'directory', action, [key])).toBe(false);
  });

  it('ends sessions, and reads none', () => {
    expect(may(role, 'sessions', 'UpdateItem', [`T#${own}#U#subject`])).toBe(true);
    for (const action of ['GetItem', 'Query', 'PutItem', 'DeleteItem'])
      expect(may(role, 'sessions', action, [`T#${own}#U#subject`])).toBe(false);
    for (const key of ['A#x', 'C#x', 'E#x', 'R#x'])
      expect(may(role, 'sessions', 'UpdateItem', [key])).toBe(false);
  });

  it('asks neither Cognito nor a field key, and takes on no tenant’s role', () => {
    const actions = role.statements.flatMap(({ Action }) => Action ?? []).map(String);
    expect(actions.filter((action) => /^(cognito-idp|sts):/.test(action))).toEqual([]);
    expect(role.statements.filter(({ Resource }) => [Resource].flat().includes(fieldKey))).toEqual([]);
  });
});

describe('the operator', () => {
  it('adds and changes people, and deletes nobody', () => {
    const role = roleOf(prod, 'operator', 'own');
    for (const action of ['PutItem', 'UpdateItem'])
      for (const key of ['U#subject', `T#${own}#U`]) expect(may(role, 'directory', action, [key])).toBe(true);
    expect(may(role, 'directory', 'UpdateItem', [`T#${own}#`])).toBe(false);
    for (const table of Object.keys(tableArn) as (keyof typeof tableArn)[])
      expect(may(role, table, 'DeleteItem', ['U#subject'])).toBe(false);
  });

  it('makes keys, and neither opens one nor reads a record', () => {
    const role = roleOf(prod, 'operator', 'own');
    const context = {
      'kms:EncryptionContext:tenant': own,
      'kms:EncryptionContext:compartment': 'clinical',
      'kms:EncryptionContextKeys': ['tenant', 'compartment'],
    };
    const asks = (action: string, changes: Record<string, string> = {}) =>
      isAllowed(
        {
          principal: role.arn,
          action: `kms:${action}`,
          resource: fieldKey,
          context: { ...context, ...changes },
        },
        role.statements,
        keyPolicy(prod, 'Field'),
      );
    expect(asks('GenerateDataKeyWithoutPlaintext')).toBe(true);
    expect(asks('GenerateDataKeyWithoutPlaintext', { 'kms:EncryptionContext:tenant': '*' })).toBe(false);
    expect(asks('GenerateDataKeyWithoutPlaintext', { 'kms:EncryptionContext:compartment': 'x' })).toBe(false);
    for (const action of ['Decrypt', 'Encrypt', 'GenerateDataKey']) expect(asks(action)).toBe(false);
    for (const action of itemActions) {
      expect(may(role, 'records', action, [`T#${own}#P#${patient}`])).toBe(false);
      expect(may(role, 'keyring', action, [`T#${own}#P#${patient}`])).toBe(false);
    }
  });
});

describe.each(roles)('$name, by its $which role', (role) => {
  const { statements } = role;
  const actions = statements.flatMap(({ Action }) => Action ?? []).map(String);

  it('names every action and every resource', () => {
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
    expect(
      statements.flatMap(({ Resource }) => Resource ?? []).filter((resource) => `${resource}`.includes('*')),
    ).toEqual([]);
    expect(statements.filter((statement) => 'NotAction' in statement || 'NotResource' in statement)).toEqual(
      [],
    );
  });

  it('limits every action on a table by its leading keys, absent keys refused', () => {
    for (const { Action, Condition } of statements)
      if (`${Action}`.includes('dynamodb:')) {
        expect(Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys']).toBeDefined();
        expect(Condition?.Null).toEqual({ 'dynamodb:LeadingKeys': 'false' });
      }
    for (const table of Object.keys(tableArn) as (keyof typeof tableArn)[])
      for (const action of [
        ...itemActions,
        'Scan',
        'BatchWriteItem',
        'DeleteTable',
        'UpdateTable',
        'PartiQLSelect',
      ])
        expect(may(role, table, action, undefined)).toBe(false);
  });

  it('scans, exports, rewrites and drops no table', () => {
    const forbidden =
      /dynamodb:(Scan|BatchWriteItem|PartiQL|DeleteTable|UpdateTable|Export|Restore|UpdateContinuousBackups|UpdateTimeToLive)/;
    expect(actions.filter((action) => forbidden.test(action))).toEqual([]);
  });

  it('adds to the audit trail, and reads, changes and deletes nothing of it', () => {
    const keys = [`T#${own}#E#2026-11-22#0`];
    for (const action of itemActions.filter((name) => name !== 'PutItem')) {
      expect(may(role, 'audit', action, keys)).toBe(false);
      expect(may(role, 'audit', action, keys, own, '/index/byActor')).toBe(false);
    }
    const onArchive = ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:PutObjectRetention', 's3:GetObject'];
    for (const action of onArchive)
      expect(isAllowed({ principal: role.arn, action, resource: `${archive}/x` }, statements)).toBe(false);
  });

  it('uses the key of a table through DynamoDB only', () => {
    for (const id of ['Data', 'Keyring', 'Audit']) {
      const request = {
        principal: role.arn,
        action: 'kms:Decrypt',
        resource: arnOf(prod, 'AWS::KMS::Key', 'keys', id),
      };
      expect(isAllowed(request, statements)).toBe(false);
    }
  });
});

it('no role of the stacks can both open PHI and delete what tells of it', () => {
  const deletes = ['dynamodb:DeleteItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteTable'];
  for (const role of prod.ofType('AWS::IAM::Role')) {
    const statements = statementsOf(prod, role);
    const named = (action: string, resource: string): boolean =>
      statements.some(
        ({ Effect, Action, Resource }) =>
          Effect === 'Allow' &&
          [Action].flat().some((pattern) => pattern === action || `${pattern}`.includes('*')) &&
          [Resource].flat().some((pattern) => pattern === resource || pattern === '*'),
      );
    const opens = named('kms:Decrypt', fieldKey);
    const erases =
      deletes.some((action) => named(action, tableArn.audit)) ||
      ['s3:DeleteObject', 's3:DeleteObjectVersion'].some(
        (action) => named(action, `${archive}/*`) || named(action, archive),
      );
    expect(opens && erases).toBe(false);
    expect(erases).toBe(false);
  }
});

it('every role is one of a function or of the gateway’s logs', () => {
  const paths = prod
    .ofType('AWS::IAM::Role')
    .map(
      ({ properties }) =>
        properties.Path ?? properties.AssumeRolePolicyDocument.Statement[0].Principal.Service,
    );
  expect(paths.sort()).toEqual(
    [
      ...roles.map(({ name, which }) => `/chartlock/prod/${name}/${which}/`),
      'apigateway.amazonaws.com',
    ].sort(),
  );
});

describe('the trigger before a token', () => {
  const role = roleOf(prod, 'pre-token', 'own');

  it('reads who asks through what, adds to the trail, and changes nothing else', () => {
    for (const key of ['U#subject', 'O#client', `T#${own}#`])
      expect(itemActions.filter((action) => may(role, 'directory', action, [key]))).toEqual(['GetItem']);
    expect(itemActions.filter((action) => may(role, 'audit', action, [`T#${own}#E#2026-11-22#0`]))).toEqual([
      'PutItem',
    ]);
    for (const key of ['R#x', 'C#x', 'A#x', `T#${own}#U#subject`])
      expect(itemActions.filter((action) => may(role, 'sessions', action, [key]))).toEqual([]);
  });
});
