import { setTimeout as sleep } from 'node:timers/promises';
import { Secret, TOTP } from 'otpauth';

const period = 30;
const lastSteps = new Map<string, number>();

/**
 * The code that an authenticator app shows (RFC 6238), and never the same one twice: a second sign-in within one
 * period takes the next period's code, which servers accept a little early, a third one waits for its time.
 * @param secret base32
 */
export const oneTimeCode = async (secret: string): Promise<string> => {
  const now = (): number => Math.floor(Date.now() / 1000 / period);
  const step = Math.max(now(), (lastSteps.get(secret) ?? 0) + 1);
  lastSteps.set(secret, step);
  while (step > now() + 1) await sleep(200);
  return new TOTP({ secret: Secret.fromBase32(secret), period }).generate({
    timestamp: step * period * 1000,
  });
};
