/** Job functions, and `system` for machines; `compliance` and `operator` never reach PHI (design.md §4). */
export const roles = [
  'admin',
  'provider',
  'nurse',
  'billing',
  'patient',
  'system',
  'compliance',
  'operator',
] as const;
/** A job function. */
export type Role = (typeof roles)[number];
/** A job function that a resource may permit something. */
export type PhiRole = Exclude<Role, 'compliance' | 'operator'>;

/** What can be done with a resource, as FHIR RESTful interactions, each with its SMART v2 scope letter (https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html). */
export const interactions = { create: 'c', read: 'r', update: 'u', search: 's' } as const;
/** A FHIR RESTful interaction (https://hl7.org/fhir/R4/valueset-type-restful-interaction.html). */
export type Interaction = keyof typeof interactions;

/** Purposes of use from HL7 v3 ActReason (http://terminology.hl7.org/CodeSystem/v3-ActReason). */
export const purposesOfUse = ['TREAT', 'HPAYMT', 'HOPERAT', 'PATRQT'] as const;
/** An HL7 v3 purpose of use. */
export type PurposeOfUse = (typeof purposesOfUse)[number];

/** The purpose assumed when a request names none; a role without one has no access to resources. */
export const usualPurpose: { readonly [R in PhiRole]: PurposeOfUse } & {
  readonly [R in Exclude<Role, PhiRole>]?: never;
} = {
  admin: 'HOPERAT',
  provider: 'TREAT',
  nurse: 'TREAT',
  billing: 'HPAYMT',
  patient: 'PATRQT',
  system: 'HOPERAT',
};

/**
 * How sensitive a field is. `internal`: no PHI by itself, stored in plain text but authenticated.
 * `identifier`: one of the 18 Safe Harbor identifiers (45 CFR 164.514(b)(2)). `phi`: other individually identifiable
 * health information (45 CFR 160.103). `restricted`: psychotherapy notes (45 CFR 164.501) and 42 CFR Part 2 records.
 */
export const classifications = ['internal', 'identifier', 'phi', 'restricted'] as const;
/** How sensitive a field is. */
export type Classification = (typeof classifications)[number];

/** The key spaces that hold record content; a function can open only those that its capability needs. */
export const contentCompartments = ['identity', 'clinical', 'billing', 'restricted'] as const;
/** A key space that holds record content. */
export type ContentCompartment = (typeof contentCompartments)[number];
/** Every patient-level key space: those for content, and the one that authenticates items. */
export const compartments = [...contentCompartments, 'integrity'] as const;
/** A patient-level key space. */
export type Compartment = (typeof compartments)[number];
/** Every tenant-level branch key: one for each compartment, and the key of the blind indexes. */
export const branches = [...compartments, 'index'] as const;
/** The name of a tenant-level branch key. */
export type Branch = (typeof branches)[number];

/** Which instances a permission reaches: all of the tenant's, those of the care team's patients, or one's own. */
export const reaches = ['tenant', 'careTeam', 'self'] as const;
/** Which instances a permission reaches. */
export type Reach = (typeof reaches)[number];

/** Parts of the platform that are deployed, named and permitted on their own: an API, a function and a role each. */
export const capabilities = ['identity', 'clinical'] as const;
/** A separately deployed part of the platform. */
export type Capability = (typeof capabilities)[number];

/** The base path of a capability's API under the common domain, without a leading slash. */
export const basePath = (capability: Capability): string => `${capability}/v1`;
