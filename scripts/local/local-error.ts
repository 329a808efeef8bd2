/** A failure of the local runtime whose message is written for the person at the keyboard. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
}
