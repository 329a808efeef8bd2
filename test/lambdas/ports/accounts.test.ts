import {
  AdminGetUserCommand,
  CognitoIdentityProviderClient,
  CreateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Accounts, accounts } from '../../../lambdas/ports/accounts.ts';
import { emulatorAccount } from '../../../scripts/local/emulator.ts';
import { startTestCloud, type TestCloud } from '../../emulator.ts';
import { newEmail } from '../identity-api.ts';
import { answering } from './answering.ts';

let cloud: TestCloud;
let cognito: CognitoIdentityProviderClient;
let pool: string;
let people: Accounts;
beforeAll(async () => {
  cloud = await startTestCloud();
  cognito = new CognitoIdentityProviderClient({
    credentials: { accessKeyId: emulatorAccount, secretAccessKey: 'root' },
  });
  // In which a name is no address: what is to be kept of the address must be sent.
  const { UserPool } = await cognito.send(new CreateUserPoolCommand({ PoolName: 'test' }));
  pool = UserPool?.Id ?? '';
  people = accounts({ pool, cognito });
});
afterAll(() => cloud?.stop());

const password = 'Synthetic-password-1!';
const failed = () => Promise.reject(Object.assign(new Error('down'), { name: 'InternalErrorException' }));
const nothing = async () => ({ output: {} });

describe('an account', () => {
  test('is created once for an address, and found by it', async () => {
    const email = newEmail();
    expect(await people.find(email)).toBeUndefined();
    const { subject, existed } = await people.create(email, password);
    expect(existed).toBe(false);
    expect(await people.create(email, password)).toEqual({ subject, existed: true });
    expect(await people.find(email)).toBe(subject);
    await people.remove(subject);
    expect(await people.find(email)).toBeUndefined();
  });

  test('has its address, which needs no verification', async () => {
    const email = newEmail();
    const { subject } = await people.create(email, password);
    const { UserAttributes = [] } = await cognito.send(
      new AdminGetUserCommand({ UserPoolId: pool, Username: subject }),
    );
    const attributes = Object.fromEntries(UserAttributes.map(({ Name, Value }) => [Name, Value]));
    expect(attributes).toEqual({ sub: subject, email, email_verified: 'true' });
  });

  test.each<[string, string, () => Promise<unknown>]>([
    ['created', 'AdminCreateUser', () => people.create(newEmail(), password)],
    ['looked up', 'AdminGetUser', () => people.subjectOf('someone')],
    ['found', 'AdminGetUser', () => people.find('someone')],
  ])('that is %s must have a subject', async (_how, command, use) => {
    await expect(answering(cognito, command, nothing, use)).rejects.toThrow('the account has no subject');
  });

  test.each<[string, string, () => Promise<unknown>]>([
    ['created', 'AdminCreateUser', () => people.create(newEmail(), password)],
    ['found', 'AdminGetUser', () => people.find('someone')],
  ])('that cannot be %s is neither there nor not there', async (_how, command, use) => {
    await expect(answering(cognito, command, failed, use)).rejects.toThrow('down');
  });
});
