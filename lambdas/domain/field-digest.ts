import { authenticationCode } from './authentication-code.ts';
import { canonicalForm } from './canonical-form.ts';
import { frame } from './framing.ts';
import type { FieldAddress } from './seal.ts';
import type { VersionedKey } from './versioned-key.ts';

/**
 * The keyed digest of a field's value, under the patient's `integrity` key: it tells whether two versions are equal
 * without opening either, and is what the audit trail says of a change (requirement E4).
 */
export const fieldDigest = (
  value: unknown,
  { tenant, patient, resource, id, field }: FieldAddress,
  integrity: VersionedKey,
): Buffer =>
  authenticationCode(
    integrity,
    frame('chartlock field digest', tenant, patient, resource, id, field, canonicalForm(value)),
  );
