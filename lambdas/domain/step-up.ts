/** The longest for which an authentication, or the proof of one, counts as recent, in seconds (requirement B9). */
const longest = 300;
/** Seconds by which the issuer's clock may be ahead of ours. */
const clockSkew = 5;

/** The variable that may shorten it. */
export interface StepUpEnvironment {
  readonly STEP_UP_SECONDS?: string | undefined;
}

/**
 * How long an authentication counts as recent, in seconds; configuration can only shorten it.
 * @throws TypeError when the variable is not a number of seconds.
 */
export const stepUpLife = ({ STEP_UP_SECONDS }: StepUpEnvironment = {}): number => {
  const configured = Number(STEP_UP_SECONDS ?? longest);
  if (!Number.isSafeInteger(configured) || configured < 1)
    throw new TypeError('the life of a step-up must be whole seconds');
  return Math.min(longest, configured);
};

/** Whether an authentication is that recent; times are epoch seconds. */
export const isRecent = (authenticatedAt: number, now: number, life: number): boolean =>
  now - authenticatedAt <= life && authenticatedAt - now <= clockSkew;
