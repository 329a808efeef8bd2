import { describe, expect, test } from 'vitest';
import type { DirectoryClient } from '../../../lambdas/domain/directory-entry.ts';
import { clientRegistry } from '../../../lambdas/ports/client-registry.ts';
import type { Role } from '../../../model/vocabulary.ts';

const tenant = 'tenant000001';
const app: DirectoryClient = {
  client: 'app0000000001',
  tenant,
  name: 'Portal',
  kind: 'public',
  status: 'active',
  scopes: ['user/Patient.r'],
};
const machine: DirectoryClient = { ...app, client: 'machine000001', kind: 'machine' };
const start = new Date('2026-11-22T12:00:00Z');
const after = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);
const refused = expect.objectContaining({ code: 'unauthenticated', policy: 'token.client' });

/** A registry over a directory with these clients, which can change, and how often it was read. */
const registryOf = (...clients: readonly DirectoryClient[]) => {
  const known = new Map(clients.map((client) => [client.client, client]));
  let reads = 0;
  const registry = clientRegistry({
    own: new Set(['facade']),
    directory: {
      client: async (id) => {
        reads += 1;
        return known.get(id);
      },
    },
  });
  const accept = (client: string, role: Role, now = start, of = tenant) =>
    registry.accept({ client, role, tenant: of }, now);
  return { accept, known, reads: () => reads };
};

test('the façade’s client is accepted without being registered', async () => {
  const { accept, reads } = registryOf();
  expect(await accept('facade', 'provider')).toBeUndefined();
  expect(reads()).toBe(0);
});

test.each([
  ['an application', app, 'provider'],
  ['an application that keeps a secret', { ...app, kind: 'confidential' }, 'patient'],
  ['a machine', machine, 'system'],
] as const)('%s that is registered is accepted', async (_what, client, role) => {
  expect(await registryOf(client).accept(client.client, role)).toEqual(client);
});

describe('a token is refused', () => {
  test.each([
    ['of a client that is not registered', app, 'unknown', 'provider', tenant],
    ['of another tenant than its client’s', app, app.client, 'provider', 'tenant000002'],
    ['of a client that was removed', { ...app, status: 'removed' }, app.client, 'provider', tenant],
    ['of a machine that was removed', { ...machine, status: 'removed' }, machine.client, 'system', tenant],
    ['of a machine through an application', app, app.client, 'system', tenant],
    ['of a person through a machine', machine, machine.client, 'admin', tenant],
    ['of a machine through the façade', machine, 'facade', 'system', tenant],
  ] as const)('%s', async (_what, client, id, role, of) => {
    await expect(registryOf(client).accept(id, role, start, of)).rejects.toThrow(refused);
  });
});

test('what was found is remembered for thirty seconds', async () => {
  const { accept, known, reads } = registryOf(app);
  await accept(app.client, 'provider');
  known.set(app.client, { ...app, status: 'removed' });
  await accept(app.client, 'provider', after(29.9));
  expect(reads()).toBe(1);
  await expect(accept(app.client, 'provider', after(30))).rejects.toThrow(refused);
  expect(reads()).toBe(2);
});

test('for each tenant and role it is judged again', async () => {
  const { accept } = registryOf(app);
  await accept(app.client, 'provider');
  await expect(accept(app.client, 'provider', start, 'tenant000002')).rejects.toThrow(refused);
  await expect(accept(app.client, 'system')).rejects.toThrow(refused);
});

test('500 clients are remembered', async () => {
  const { accept, reads } = registryOf(
    ...Array.from({ length: 501 }, (_, index) => ({ ...app, client: `app${index}` })),
  );
  for (let index = 0; index < 501; index += 1) await accept(`app${index}`, 'provider');
  await accept('app1', 'provider');
  expect(reads()).toBe(501);
  await accept('app0', 'provider');
  expect(reads()).toBe(502);
});
