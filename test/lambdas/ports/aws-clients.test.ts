import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ownDynamodb } from '../../../lambdas/ports/aws-clients.ts';
import { tenantClients } from '../../../lambdas/ports/tenant-credentials.ts';

let silent: Server;
beforeAll(async () => {
  silent = createServer(() => {});
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
});
afterAll(() => {
  vi.unstubAllEnvs();
  silent.closeAllConnections();
  silent.close();
});

const get = new GetItemCommand({ TableName: 'records', Key: { pk: { S: 'x' }, sk: { S: 'x' } } });

test.each([
  ['its own credentials', () => ownDynamodb()],
  [
    "a tenant's credentials",
    () => tenantClients({ roleArn: 'arn:aws:iam::111122223333:role/x', sessionName: 'x' })('t').dynamodb,
  ],
])(
  'a call with %s is given up when the service does not answer',
  async (_, client) => {
    await expect(client().send(get)).rejects.toMatchObject({ name: 'TimeoutError' });
  },
  6000,
);
