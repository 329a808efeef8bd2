import { isPresent, type Passkey } from '../domain/passkey.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';

/** What a person can verify themselves by, beside a password. */
export interface OwnFactors {
  /** The present enrolment of factors; none before the first one, and after a reset. */
  readonly enrolment: string | undefined;
  /** The passkeys of that enrolment. */
  readonly passkeys: readonly Passkey[];
}

/** A person's present factors: a passkey of an enrolment that was reset is none. */
export const ownFactors = async (
  subject: string,
  { directory, passkeys }: Pick<IdentityPorts, 'directory' | 'passkeys'>,
): Promise<OwnFactors> => {
  const [person, known] = await Promise.all([directory.principal(subject), passkeys.list(subject)]);
  return {
    enrolment: person?.mfaEnrolledAt,
    passkeys: known.filter((passkey) => isPresent(passkey, person)),
  };
};
