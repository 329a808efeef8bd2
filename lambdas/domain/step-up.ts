/** Seconds for which an authentication, or the proof of one, counts as recent (requirement B9). */
export const stepUpLife = 300;
/** Seconds by which the issuer's clock may be ahead of ours. */
const clockSkew = 5;

/** Whether an authentication is recent enough for a sensitive operation; times are epoch seconds. */
export const isRecent = (authenticatedAt: number, now: number): boolean =>
  now - authenticatedAt <= stepUpLife && authenticatedAt - now <= clockSkew;
