import type { ClientsFor } from '../../lambdas/ports/tenant-credentials.ts';

/** A call to a service: `dynamodb BatchGetItem`, and when it began and ended. */
export interface Call {
  readonly name: string;
  readonly began: number;
  ended: number;
}

interface Observable {
  readonly middlewareStack: { add: (middleware: never, options: { step: 'initialize' }) => void };
}

type Next = (args: unknown) => Promise<unknown>;

/** Clients that note their calls in `calls`. */
export const observed = (
  clientsFor: ClientsFor,
): { readonly clientsFor: ClientsFor; readonly calls: Call[] } => {
  const calls: Call[] = [];
  const watched = new WeakSet<object>();
  let clock = 0;
  const watch = (client: Observable, service: string): void => {
    if (watched.has(client)) return;
    watched.add(client);
    const middleware =
      (next: Next, { commandName }: { commandName: string }) =>
      async (args: unknown) => {
        clock += 1;
        const call: Call = {
          name: `${service} ${commandName.replace('Command', '')}`,
          began: clock,
          ended: 0,
        };
        calls.push(call);
        try {
          return await next(args);
        } finally {
          clock += 1;
          call.ended = clock;
        }
      };
    client.middlewareStack.add(middleware as never, { step: 'initialize' });
  };
  return {
    calls,
    clientsFor: (tenant) => {
      const clients = clientsFor(tenant);
      watch(clients.dynamodb, 'dynamodb');
      watch(clients.kms, 'kms');
      return clients;
    },
  };
};

/** How many calls follow one another at least: calls that overlap are one step. */
export const stepsOf = (calls: readonly Call[]): number => {
  let steps = 0;
  let end = 0;
  for (const { began, ended } of [...calls].sort((one, other) => one.began - other.began)) {
    if (began > end) steps += 1;
    end = began > end ? ended : Math.min(end, ended);
  }
  return steps;
};
