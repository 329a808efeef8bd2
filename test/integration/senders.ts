import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Ask, Connection } from './client.ts';
import type { SendJob } from './sender.ts';

const script = fileURLToPath(new URL('./sender.ts', import.meta.url));

/** The next message of a process. @throws Error when it ends without one. */
const messageOf = async (process: ChildProcess): Promise<unknown> => {
  const ended = once(process, 'exit').then(([code]) => {
    throw new Error(`a sender process ended with ${code}`);
  });
  const [message] = (await Promise.race([once(process, 'message'), ended])) as [unknown];
  return message;
};

/**
 * Sends requests at the same time from several processes, each a share of them through connections of its own, as
 * clients on several computers behind one address would.
 */
export const sendAtOnce = async (
  { baseUrl, caCertificate }: Connection,
  asks: readonly Ask[],
  { processes, sockets }: { readonly processes: number; readonly sockets: number },
): Promise<readonly Answer[]> => {
  const senders = Array.from({ length: processes }, () => fork(script, { execArgv: [] }));
  try {
    await Promise.all(senders.map(messageOf));
    const answers = senders.map(async (sender, place) => {
      const share = asks.filter((_, index) => index % processes === place);
      const job: SendJob = { connection: { baseUrl, caCertificate }, asks: share, sockets };
      const answer = messageOf(sender);
      sender.send(job);
      return (await answer) as readonly Answer[];
    });
    return (await Promise.all(answers)).flat();
  } finally {
    for (const sender of senders) sender.kill();
  }
};
