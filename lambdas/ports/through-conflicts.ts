import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';

const tries = 6;
const shortestPauseMilliseconds = 10;

/** Whether a write failed only because another one held an item at that moment; nothing was written then. */
const isConflict = (error: unknown): boolean =>
  error instanceof TransactionConflictException ||
  (error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some(({ Code }) => Code === 'TransactionConflict') &&
    (error.CancellationReasons ?? []).every(({ Code }) => Code === 'None' || Code === 'TransactionConflict'));

/**
 * Repeats a write that met another one at the same item, six times at most: whoever sends requests without pause must not be
 * able to hold off the end of their own sessions.
 */
export const throughConflicts = async <T>(write: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (attempt === tries || !isConflict(error)) throw error;
      await sleep(shortestPauseMilliseconds * 2 ** attempt * (0.5 + Math.random() / 2));
    }
  }
};
