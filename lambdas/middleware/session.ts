import type { ChainMiddleware } from './chain.ts';

/**
 * Makes the session's refusal the request's: whatever else is wrong with a request, a session that is over answers 401 and
 * one beyond its rate 429.
 */
export const session = (): ChainMiddleware => ({
  onError: async (request) => {
    try {
      await request.context.chain.session;
    } catch (refusal) {
      request.error = refusal as Error;
    }
  },
});
