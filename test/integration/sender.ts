import type { Ask, Connection } from './client.ts';
import { connect } from './client.ts';

/** What a sender process is told to do. */
export interface SendJob {
  readonly connection: Connection;
  readonly asks: readonly Ask[];
  /** Connections that it opens at most. */
  readonly sockets: number;
}

// A process of its own (see senders.ts): says that it is ready, sends every request of its job at once, and hands the
// answers back.
process.once('message', async ({ connection, asks, sockets }: SendJob) => {
  const send = connect(connection, sockets);
  const answers = await Promise.all(asks.map(send));
  process.send?.(answers, () => process.exit());
});
process.send?.('ready');
