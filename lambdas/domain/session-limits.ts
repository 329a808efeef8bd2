import type { Role } from '../../model/vocabulary.ts';
import { longestTokenLife } from './judge-session.ts';

/** How long a session lives, in seconds (45 CFR 164.312(a)(2)(iii)). */
export interface SessionLimits {
  /** Without a request. */
  readonly idle: number;
  /** In all, since the sign-in. */
  readonly absolute: number;
}

/** The longest that any configuration can allow (design.md §4). */
const longest = {
  workforce: { idle: 15 * 60, absolute: 12 * 3600 },
  patient: { idle: 30 * 60, absolute: 24 * 3600 },
  /** A machine has no session beyond its token. */
  machine: { idle: longestTokenLife, absolute: longestTokenLife },
} as const satisfies Record<string, SessionLimits>;

/** The variables that may shorten a limit. */
export interface SessionLimitsEnvironment {
  readonly WORKFORCE_IDLE_SECONDS?: string | undefined;
  readonly WORKFORCE_ABSOLUTE_SECONDS?: string | undefined;
  readonly PATIENT_IDLE_SECONDS?: string | undefined;
  readonly PATIENT_ABSOLUTE_SECONDS?: string | undefined;
}

const shortened = (limit: number, configured: string | undefined): number => {
  const value = Number(configured ?? limit);
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError('a session limit must be whole seconds');
  return Math.min(limit, value);
};

/**
 * The limits of each role's sessions; configuration can only shorten them.
 * @throws TypeError when a variable is not a number of seconds.
 */
export const sessionLimits = (
  environment: SessionLimitsEnvironment = {},
): ((role: Role) => SessionLimits) => {
  const workforce = {
    idle: shortened(longest.workforce.idle, environment.WORKFORCE_IDLE_SECONDS),
    absolute: shortened(longest.workforce.absolute, environment.WORKFORCE_ABSOLUTE_SECONDS),
  };
  const patient = {
    idle: shortened(longest.patient.idle, environment.PATIENT_IDLE_SECONDS),
    absolute: shortened(longest.patient.absolute, environment.PATIENT_ABSOLUTE_SECONDS),
  };
  return (role) => {
    if (role === 'system') return longest.machine;
    return role === 'patient' ? patient : workforce;
  };
};
