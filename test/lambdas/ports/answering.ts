interface Answerable {
  readonly middlewareStack: {
    add: (middleware: never, options: object) => void;
    remove: (name: string) => void;
  };
}
interface Args {
  readonly input: object;
}
type Next = (args: Args) => Promise<{ output: object }>;

/** Runs with a client whose calls of one kind end as a service under stress, or tampered with, would end them. */
export const answering = async <T>(
  client: Answerable,
  command: string,
  answer: (real: () => Promise<{ output: object }>, input: object) => Promise<{ output: object }>,
  run: () => Promise<T>,
): Promise<T> => {
  const name = `answering ${command}`;
  const middleware =
    (next: Next, { commandName }: { commandName: string }) =>
    (args: Args) =>
      commandName === `${command}Command` ? answer(() => next(args), args.input) : next(args);
  client.middlewareStack.add(middleware as never, { step: 'initialize', name });
  try {
    return await run();
  } finally {
    client.middlewareStack.remove(name);
  }
};
