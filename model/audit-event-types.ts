/** What happened, as an audit entry's type, and how closely it is watched (45 CFR 164.308(a)(1)(ii)(D), 164.312(b)). */
export const auditEventTypes = {
  AUTHENTICATION_CHALLENGED: {
    risk: 'normal',
    description: 'A challenge was given: at a sign-in or step-up, or to make a passkey.',
  },
  AUTHENTICATION_SUCCESS: {
    risk: 'normal',
    description: 'A person proved every required factor: tokens, or the proof of a step-up, were issued.',
  },
  AUTHENTICATION_FAILURE: {
    risk: 'normal',
    description: 'A sign-in, challenge answer, token or session was refused.',
  },
  TOKEN_ISSUED: {
    risk: 'normal',
    description: 'A token was issued to an application or a machine, past the sign-in façade.',
  },
  TOKEN_REFRESHED: { risk: 'normal', description: 'A session was continued with a new access token.' },
  TOKEN_REVOKED: { risk: 'normal', description: 'A session was ended.' },
  AUTHORIZATION_DENIED: {
    risk: 'normal',
    description: 'Role, scope or purpose does not permit what was asked.',
  },
  UNAUTHORIZED_ACCESS_ATTEMPT: {
    risk: 'high',
    description: 'A record was asked for without a relationship, or does not exist.',
  },
  PHI_ACCESS: { risk: 'normal', description: 'Record content was disclosed.' },
  PHI_MODIFICATION: { risk: 'normal', description: 'A record was created or changed.' },
  PRIVILEGE_CHANGE: { risk: 'high', description: 'A person or role was granted or lost access.' },
  ACCESS_REVIEW: {
    risk: 'normal',
    description: 'A review of access was begun, read, or a grant in it was attested.',
  },
  DIRECTORY_ACCESS: {
    risk: 'normal',
    description: 'People, clients, consents or sessions were listed or read.',
  },
  CONFIGURATION_CHANGE: { risk: 'high', description: 'The platform or a tenant was set up or changed.' },
  SECURITY: { risk: 'high', description: 'A protection found tampering; nothing was disclosed.' },
  RATE_LIMIT_EXCEEDED: { risk: 'high', description: 'A principal exceeded its rate.' },
  REQUEST_REJECTED: {
    risk: 'normal',
    description: 'A request was malformed or in conflict; nothing was disclosed or changed.',
  },
  SERVICE_FAILURE: {
    risk: 'normal',
    description: 'A dependency or the platform failed; nothing was disclosed.',
  },
} as const satisfies Record<string, { readonly risk: 'normal' | 'high'; readonly description: string }>;

/** The type of an audit entry. */
export type AuditEventType = keyof typeof auditEventTypes;
