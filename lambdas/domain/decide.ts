import type { EffectivePermission } from '../../model/derive/permissions.ts';
import type { AccessContent } from './access-item.ts';
import { isMember } from './access-item.ts';
import type { Principal } from './principal.ts';

/** A permission that reaches, or does not reach, one patient's chart now. */
export type Decision =
  | { readonly reached: true; readonly policy: string; readonly discloses: readonly string[] }
  | { readonly reached: false; readonly policy: string };

/** What a decision about one patient's chart rests on. */
export interface DecisionInput {
  readonly permission: EffectivePermission;
  readonly principal: Pick<Principal, 'subject' | 'patient'>;
  readonly patient: string;
  readonly access: AccessContent;
  readonly now: Date;
}

const reaching = {
  tenant: () => true,
  careTeam: ({ access, principal, now }: DecisionInput) => isMember(access, principal.subject, now),
  self: ({ principal, patient }: DecisionInput) => principal.patient === patient,
} as const satisfies {
  readonly [R in EffectivePermission['reach']]: (input: DecisionInput) => boolean;
};

/** Whether a permission reaches a patient's chart (requirement C2), by its Access item; decided before anything is opened. */
export const decide = (input: DecisionInput): Decision => {
  const { policy, discloses, reach } = input.permission;
  return reaching[reach](input) ? { reached: true, policy, discloses } : { reached: false, policy };
};
