import type { Operation } from '../../model/derive/operations.ts';
import { ApiError } from '../domain/api-error.ts';
import { isRecent } from '../domain/step-up.ts';
import type { StepUpProofs } from '../ports/step-up-proofs.ts';
import type { ChainMiddleware } from './chain.ts';
import { headerValues } from './chain.ts';

const form = /^[A-Za-z0-9_-]{43}$/;

const required = (policy: string, life: number): ApiError =>
  new ApiError('step-up-required', {
    policy,
    headers: {
      'www-authenticate': `Bearer error="insufficient_user_authentication", max_age=${life}`,
    },
  });

/**
 * Refuses a sensitive operation without an authentication of the last five minutes: the token's own, or that of a step-up,
 * whose proof `X-Step-Up-Proof` is used up, and only when the session is live (RFC 9470, requirement B9).
 */
export const stepUp = (operation: Operation, proofs: StepUpProofs): ChainMiddleware => ({
  before: async ({ event, context: { chain } }) => {
    if (operation.kind !== 'named' || !operation.definition.sensitive) return;
    const { principal, authenticatedAt, now } = chain;
    if (principal === undefined || authenticatedAt === undefined) throw new ApiError('unauthenticated');
    const { life } = proofs;
    if (isRecent(authenticatedAt, Math.floor(now.getTime() / 1000), life)) return;
    const [proof, another] = headerValues(event, 'x-step-up-proof');
    if (proof === undefined) throw required('step-up.missing', life);
    if (another !== undefined || !form.test(proof)) throw required('step-up.proof', life);
    await chain.session;
    if (!(await proofs.use(principal, proof, now))) throw required('step-up.proof', life);
  },
});
