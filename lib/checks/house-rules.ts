/** The properties of a resource as its template renders them. */
// biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own shape
export type Rendered = any;

/** What must hold of every resource of a type. */
export interface HouseRule {
  /** The control, by which a finding is named (45 CFR Part 164). */
  readonly id: string;
  readonly type: string;
  /** What is wrong when it does not hold. */
  readonly finding: string;
  readonly holds: (properties: Rendered) => boolean;
}

const everyReplica = (table: Rendered, holds: (replica: Rendered) => boolean): boolean =>
  Array.isArray(table.Replicas) && table.Replicas.length > 0 && table.Replicas.every(holds);

const onTables = ({ Action }: Rendered): boolean =>
  [Action].flat().some((action) => /^(dynamodb:|\*)/.test(action));

const isLimited = ({ Effect, Action, Condition = {} }: Rendered): boolean =>
  Effect === 'Deny' ||
  (![Action]
    .flat()
    .some((action) => /\*|:(Scan|PartiQL\w+|Export\w+|DeleteTable|BatchWriteItem)$/.test(action)) &&
    Condition['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] !== undefined &&
    Condition.Null?.['dynamodb:LeadingKeys'] === 'false');

/** One scope, or a person's and a machine's scope of the same name: `user/Patient.r` and `system/Patient.r`. */
const asksForOneScope = (scopes: readonly string[]): boolean => {
  const [servers, names] = [0, 1].map((part) => scopes.map((scope) => scope.split('/')[part]));
  return (
    scopes.length > 0 && new Set(names).size === 1 && (scopes.length === 1 || `${servers}` === 'user,system')
  );
};

const limited = ({ PolicyDocument }: Rendered): boolean =>
  (PolicyDocument?.Statement ?? []).filter(onTables).every(isLimited);

/** What cdk-nag does not look at: global tables, the user pool, the firewall, the gateway's routes, leading keys. */
export const houseRules: readonly HouseRule[] = [
  {
    id: '164.312(a)(2)(iv)-TableEncrypted',
    type: 'AWS::DynamoDB::GlobalTable',
    finding: 'The table does not lie under a customer-managed key.',
    holds: (table) =>
      table.SSESpecification?.SSEType === 'KMS' &&
      everyReplica(table, (replica) => replica.SSESpecification?.KMSMasterKeyId !== undefined),
  },
  {
    id: '164.308(a)(7)(ii)(A)-TableRestorable',
    type: 'AWS::DynamoDB::GlobalTable',
    finding: 'The table cannot be restored to a point in time, or can be deleted.',
    holds: (table) =>
      everyReplica(
        table,
        (replica) =>
          replica.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled === true &&
          replica.DeletionProtectionEnabled === true,
      ),
  },
  {
    id: '164.312(a)(2)(iv)-KeyRotated',
    type: 'AWS::KMS::Key',
    finding: 'The key does not rotate.',
    holds: (key) => key.EnableKeyRotation === true,
  },
  {
    id: '164.312(d)-SecondFactor',
    type: 'AWS::Cognito::UserPool',
    finding:
      'The user pool lets someone in with one factor, by SMS, by passkeys that we do not verify, or by signing up alone.',
    holds: (pool) =>
      pool.MfaConfiguration === 'ON' &&
      !pool.EnabledMfas?.includes('SMS_MFA') &&
      pool.Policies?.SignInPolicy?.AllowedFirstAuthFactors?.join() === 'PASSWORD' &&
      pool.AdminCreateUserConfig?.AllowAdminCreateUserOnly === true,
  },
  {
    id: '164.312(d)-ClientFlows',
    type: 'AWS::Cognito::UserPoolClient',
    finding:
      'The client has no explicit flows, a public password flow, a choice of factors, the implicit grant, or long access tokens.',
    holds: (client) =>
      Array.isArray(client.ExplicitAuthFlows) &&
      !client.ExplicitAuthFlows.includes('ALLOW_USER_PASSWORD_AUTH') &&
      !client.ExplicitAuthFlows.includes('ALLOW_USER_AUTH') &&
      !client.AllowedOAuthFlows?.includes('implicit') &&
      client.TokenValidityUnits?.AccessToken === 'minutes' &&
      client.AccessTokenValidity <= 15,
  },
  {
    id: '164.312(e)(1)-DomainTls',
    type: 'AWS::ApiGateway::DomainName',
    finding:
      'The domain speaks something older than TLS 1.3, or than TLS 1.2 where it verifies client certificates against a pinned truststore.',
    holds: ({ SecurityPolicy = '', MutualTlsAuthentication: mutual }) =>
      /^SecurityPolicy_TLS13_1_3_/.test(SecurityPolicy) ||
      (SecurityPolicy === 'TLS_1_2' && !!mutual?.TruststoreUri && !!mutual.TruststoreVersion),
  },
  {
    id: '164.312(e)(1)-FirewallBlocks',
    type: 'AWS::WAFv2::WebACL',
    finding: 'A rule of the firewall only counts.',
    holds: ({ Rules = [] }) =>
      Rules.every(({ Action, OverrideAction }: Rendered) => !Action?.Count && !OverrideAction?.Count),
  },
  {
    id: '164.312(a)(1)-ExplicitRoute',
    type: 'AWS::ApiGateway::Resource',
    finding: 'The route takes any path below it.',
    holds: ({ PathPart }) => !String(PathPart).includes('+'),
  },
  {
    id: '164.312(a)(1)-ExplicitMethod',
    type: 'AWS::ApiGateway::Method',
    finding: 'The route takes any method, or signed-in callers without the scope of it alone.',
    holds: ({ HttpMethod, AuthorizationType, AuthorizationScopes = [] }) =>
      HttpMethod !== 'ANY' &&
      (AuthorizationType === 'NONE' ||
        (AuthorizationType === 'COGNITO_USER_POOLS' && asksForOneScope(AuthorizationScopes))),
  },
  ...['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy'].map((type) => ({
    id: '164.312(a)(1)-LeadingKeys',
    type,
    finding: 'The policy reaches items of a table without a limit by their keys, or whole tables.',
    holds: limited,
  })),
];
