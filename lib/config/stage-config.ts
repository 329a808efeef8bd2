/** The stages; each is one file in `stages/`. */
export const stages = ['local', 'dev', 'prod'] as const;
/** A stage. */
export type StageName = (typeof stages)[number];

/** When a session ends. */
export interface SessionLimits {
  /** Without a request. */
  readonly idleMinutes: number;
  /** However busy. */
  readonly absoluteHours: number;
}

/** Everything that differs between stages; nothing in it turns a protection off. */
export interface StageConfig {
  readonly stage: StageName;
  /** The AWS account, 12 digits. */
  readonly account: string;
  readonly region: string;
  /** Where applications call the API; only stage `local` has none. */
  readonly domain?: {
    readonly name: string;
    /** An ACM certificate for the name, in the same region. */
    readonly certificateArn: string;
  };
  /**
   * Where people sign in to registered applications: a name under Amazon's domain, or one of your own, whose parent has an
   * address record.
   */
  readonly managedLogin:
    | { readonly prefix: string }
    | {
        readonly name: string;
        /** An ACM certificate for the name, in us-east-1 whatever the stage's region. */
        readonly certificateArn: string;
      };
  /** Where partners' machines call with client certificates (ADR 18). @default partners have no domain */
  readonly partnerDomain?: {
    readonly name: string;
    /** An ACM certificate for the name, in the same region. */
    readonly certificateArn: string;
    /** The certificate authorities whose client certificates pass, as an object of a versioned bucket. */
    readonly truststore: { readonly bucket: string; readonly key: string; readonly version: string };
  };
  /** ARNs of the IAM roles that administer keys; they can never use one. */
  readonly keyAdministrators: readonly string[];
  /** Passkeys (Web Authentication Level 3). */
  readonly passkeys: {
    /** The domain that they are bound to: the API's own, or one above it that applications share with it. */
    readonly relyingParty: string;
    /** Where they may be used: exact web origins on that domain or below it. */
    readonly origins: readonly string[];
  };
  /** The factor without which no administrative scope is issued; `totp` only where no passkey can exist, in `local`. */
  readonly administrativeFactor: 'passkey' | 'totp';
  readonly accessTokenMinutes: number;
  /** How long an authentication is recent enough for a sensitive operation; 5 at most. */
  readonly stepUpMinutes: number;
  /** May only be shorter than 15 minutes and 12 hours (45 CFR 164.312(a)(2)(iii)). */
  readonly workforceSession: SessionLimits;
  /** May only be shorter than 30 minutes and 24 hours. */
  readonly patientSession: SessionLimits;
  /** How long the audit archive is locked (45 CFR 164.316(b)(2)(i)). */
  readonly archive: {
    readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
    readonly days: number;
    /**
     * The construct path of the archive bucket, by which the deployer of a COMPLIANCE lock confirms that nobody, the
     * account's root included, can shorten it or delete what is in it.
     */
    readonly irreversible?: string;
  };
  readonly logRetentionDays: number;
  /** The requests that one API takes: steady rate and burst. */
  readonly throttle: { readonly ratePerSecond: number; readonly burst: number };
  /** The WAF's coarse ceilings for one address in five minutes; many people may share an address. */
  readonly perAddress: { readonly requests: number; readonly signIns: number };
  /** Concurrent executions kept for each function, so that none can starve another. */
  readonly concurrency: {
    readonly clinical: number;
    readonly identity: number;
    readonly preToken: number;
    readonly passkeyChallenge: number;
    readonly operator: number;
  };
}

/** Six years with two leap days. */
const sixYears = 2192;
/** The periods that CloudWatch Logs knows. */
const logPeriods = [7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 3653];

interface Check {
  readonly name: string;
  readonly value: (config: StageConfig) => unknown;
  readonly wanted: (config: StageConfig) => string;
  readonly holds: (config: StageConfig) => boolean;
}

const whole = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

const between = (
  name: string,
  value: (config: StageConfig) => unknown,
  least: number,
  most: number,
): Check => ({
  name,
  value,
  wanted: () => `a whole number from ${least} to ${most}`,
  holds: (config) => whole(value(config), least, most),
});

const matching = (
  name: string,
  value: (config: StageConfig) => unknown,
  pattern: RegExp,
  wanted: string,
): Check => ({
  name,
  value,
  wanted: () => wanted,
  holds: (config) => {
    const text = value(config);
    return typeof text === 'string' && pattern.test(text);
  },
});

const sessionChecks = (
  name: 'workforceSession' | 'patientSession',
  idleMinutes: number,
  absoluteHours: number,
): Check[] => [
  between(`${name}.idleMinutes`, (config) => config[name]?.idleMinutes, 1, idleMinutes),
  between(`${name}.absoluteHours`, (config) => config[name]?.absoluteHours, 1, absoluteHours),
];

/** What must hold of a domain's name and certificate. */
const namedDomainChecks = (
  name: string,
  domainOf: (config: StageConfig) => { readonly name?: string; readonly certificateArn?: string } | undefined,
  regionOf: (config: StageConfig) => string = ({ region }) => region,
): readonly Check[] => [
  matching(
    `${name}.name`,
    (config) => domainOf(config)?.name,
    /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/,
    'a fully qualified domain name in lower case',
  ),
  {
    name: `${name}.certificateArn`,
    value: (config) => domainOf(config)?.certificateArn,
    wanted: (config) => `an ACM certificate of region ${regionOf(config)} and account ${config.account}`,
    holds: (config) =>
      new RegExp(`^arn:aws[a-z-]*:acm:${regionOf(config)}:${config.account}:certificate/[0-9a-f-]{36}$`).test(
        domainOf(config)?.certificateArn ?? '',
      ),
  },
];

const domainChecks = namedDomainChecks('domain', ({ domain }) => domain);

const ownLogin = ({ managedLogin }: StageConfig) =>
  managedLogin && 'name' in managedLogin ? managedLogin : undefined;
const ownLoginChecks = namedDomainChecks('managedLogin', ownLogin, () => 'us-east-1');
const prefixChecks: readonly Check[] = [
  matching(
    'managedLogin.prefix',
    ({ managedLogin }) => ('prefix' in managedLogin ? managedLogin.prefix : undefined),
    /^(?!.*(?:aws|amazon|cognito))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'lower-case letters, digits and hyphens, without the words aws, amazon and cognito',
  ),
];

const partnerChecks: readonly Check[] = [
  ...namedDomainChecks('partnerDomain', ({ partnerDomain }) => partnerDomain),
  {
    name: 'partnerDomain.name',
    value: ({ partnerDomain }) => partnerDomain?.name,
    wanted: () => 'another name than domain.name',
    holds: ({ partnerDomain, domain }) => partnerDomain?.name !== domain?.name,
  },
  matching(
    'partnerDomain.truststore.bucket',
    ({ partnerDomain }) => partnerDomain?.truststore?.bucket,
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    'the name of a bucket',
  ),
  matching(
    'partnerDomain.truststore.key',
    ({ partnerDomain }) => partnerDomain?.truststore?.key,
    /^[\w!.*'()/-]{1,1000}\.pem$/,
    'the key of a PEM file',
  ),
  matching(
    'partnerDomain.truststore.version',
    ({ partnerDomain }) => partnerDomain?.truststore?.version,
    /^(?!null$)[\w.-]{1,1024}$/,
    'the id of a version, without which a new truststore is not noticed',
  ),
];

/** Whether passkeys of a domain may be used at an origin (Web Authentication Level 3 §5.1.2). */
const isOriginOf = (relyingParty: string, origin: unknown): boolean => {
  if (typeof origin !== 'string' || !URL.canParse(origin)) return false;
  const { protocol, hostname, origin: exact } = new URL(origin);
  const isBelow = hostname === relyingParty || hostname.endsWith(`.${relyingParty}`);
  return protocol === 'https:' && exact === origin && isBelow;
};

const passkeyChecks: readonly Check[] = [
  {
    name: 'passkeys.relyingParty',
    value: ({ passkeys }) => passkeys?.relyingParty,
    wanted: ({ domain }) =>
      domain ? `${domain.name} or a domain above it, with a dot in it` : "'localhost'",
    holds: ({ domain, passkeys }) =>
      domain
        ? `.${domain.name}`.endsWith(`.${passkeys?.relyingParty}`) && passkeys.relyingParty.includes('.')
        : passkeys?.relyingParty === 'localhost',
  },
  {
    name: 'passkeys.origins',
    value: ({ passkeys }) => passkeys?.origins,
    wanted: ({ passkeys }) => `at least one https origin on ${passkeys.relyingParty} or below it`,
    holds: ({ passkeys: { relyingParty, origins } }) =>
      Array.isArray(origins) &&
      origins.length > 0 &&
      origins.every((origin) => isOriginOf(relyingParty, origin)),
  },
];

const checks: readonly Check[] = [
  matching('account', ({ account }) => account, /^\d{12}$/, '12 digits'),
  matching('region', ({ region }) => region, /^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as us-east-1'),
  {
    name: 'keyAdministrators',
    value: ({ keyAdministrators }) => keyAdministrators,
    wanted: () => 'at least one IAM role ARN',
    holds: ({ keyAdministrators }) =>
      Array.isArray(keyAdministrators) &&
      keyAdministrators.length > 0 &&
      keyAdministrators.every((arn) => /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(arn)),
  },
  {
    name: 'administrativeFactor',
    value: ({ administrativeFactor }) => administrativeFactor,
    wanted: ({ stage }) => (stage === 'local' ? "'passkey' or 'totp'" : "'passkey'"),
    holds: ({ stage, administrativeFactor }) =>
      administrativeFactor === 'passkey' || (stage === 'local' && administrativeFactor === 'totp'),
  },
  between('accessTokenMinutes', ({ accessTokenMinutes }) => accessTokenMinutes, 5, 15),
  between('stepUpMinutes', ({ stepUpMinutes }) => stepUpMinutes, 1, 5),
  ...sessionChecks('workforceSession', 15, 12),
  ...sessionChecks('patientSession', 30, 24),
  {
    name: 'archive.mode',
    value: ({ archive }) => archive?.mode,
    wanted: ({ stage }) =>
      stage === 'prod' ? "'COMPLIANCE'" : "'GOVERNANCE', because no other lock can be undone",
    holds: ({ stage, archive }) => archive?.mode === (stage === 'prod' ? 'COMPLIANCE' : 'GOVERNANCE'),
  },
  {
    name: 'archive.days',
    value: ({ archive }) => archive?.days,
    wanted: ({ stage }) => (stage === 'prod' ? `a whole number from ${sixYears} to 36500` : '1'),
    holds: ({ stage, archive }) =>
      stage === 'prod' ? whole(archive?.days, sixYears, 36_500) : archive?.days === 1,
  },
  {
    name: 'logRetentionDays',
    value: ({ logRetentionDays }) => logRetentionDays,
    wanted: ({ stage }) =>
      `a period that CloudWatch Logs knows${stage === 'prod' ? ', 365 days at least' : ''}: ${logPeriods.join(', ')}`,
    holds: ({ stage, logRetentionDays }) =>
      logPeriods.includes(logRetentionDays) && (stage !== 'prod' || logRetentionDays >= 365),
  },
  between('throttle.ratePerSecond', ({ throttle }) => throttle?.ratePerSecond, 1, 10_000),
  between('throttle.burst', ({ throttle }) => throttle?.burst, 1, 5_000),
  between('perAddress.requests', ({ perAddress }) => perAddress?.requests, 10, 2_000_000),
  between('perAddress.signIns', ({ perAddress }) => perAddress?.signIns, 10, 100_000),
  ...(['clinical', 'identity', 'preToken', 'passkeyChallenge', 'operator'] as const).map((name) =>
    between(`concurrency.${name}`, ({ concurrency }) => concurrency?.[name], 1, 1_000),
  ),
];

/**
 * Checks a stage's configuration.
 * @returns the same configuration
 * @throws TypeError one sentence with the first wrong value's name, the value, and what was wanted.
 */
export const validateStage = (config: StageConfig): StageConfig => {
  if (!stages.includes(config.stage))
    throw new TypeError(`stage is ${JSON.stringify(config.stage)}, but must be one of ${stages.join(', ')}`);
  const applicable = [
    ...checks,
    ...(config.stage === 'local' && !config.domain ? [] : domainChecks),
    ...passkeyChecks,
    ...('prefix' in (config.managedLogin ?? {}) ? prefixChecks : ownLoginChecks),
    ...(config.partnerDomain ? partnerChecks : []),
  ];
  const wrong = applicable.find((check) => !check.holds(config));
  if (wrong)
    throw new TypeError(
      `${wrong.name} of stage ${config.stage} is ${JSON.stringify(wrong.value(config))}, but must be ${wrong.wanted(config)}`,
    );
  return config;
};

/**
 * Refuses to deploy with the placeholders that the repository's stage files hold.
 * @throws TypeError one sentence naming the first placeholder.
 */
export const deployable = (config: StageConfig): StageConfig => {
  if (config.stage === 'local') return config;
  const isExample = (name = ''): boolean => /(^|\.)example\.(org|com|net)$/.test(name);
  const isZero = (arn = ''): boolean => /\/0{8}-/.test(arn);
  const login = { prefix: '', name: '', certificateArn: '', ...config.managedLogin };
  const placeholders: Record<string, boolean> = {
    account: config.account === '000000000000',
    'domain.name': isExample(config.domain?.name),
    'domain.certificateArn': isZero(config.domain?.certificateArn),
    'managedLogin.prefix': login.prefix.includes('000000000000'),
    'managedLogin.name': isExample(login.name),
    'managedLogin.certificateArn': isZero(login.certificateArn),
    'partnerDomain.name': isExample(config.partnerDomain?.name),
    'partnerDomain.certificateArn': isZero(config.partnerDomain?.certificateArn),
    'passkeys.relyingParty': isExample(config.passkeys.relyingParty),
    keyAdministrators: config.keyAdministrators.some((arn) => arn.includes(':000000000000:')),
  };
  const found = Object.entries(placeholders).find(([, isPlaceholder]) => isPlaceholder)?.[0];
  if (found)
    throw new TypeError(
      `${found} in lib/config/stages/${config.stage}.ts is still a placeholder, but a deployment needs your own value`,
    );
  return config;
};
