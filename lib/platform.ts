import type { App, StackProps } from 'aws-cdk-lib';
import { Aspects, Tags } from 'aws-cdk-lib';
import type { StageConfig } from './config/stage-config.ts';
import type { Stores } from './constructs/data-access.ts';
import { EmulatorOmissions } from './constructs/emulator-omissions.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { AuditStack } from './stacks/audit-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { EdgeStack } from './stacks/edge-stack.ts';
import { IdentityApiStack } from './stacks/identity-api-stack.ts';
import { IdentityStack } from './stacks/identity-stack.ts';
import { KeysStack } from './stacks/keys-stack.ts';
import { PartnerApiStack } from './stacks/partner-api-stack.ts';

/** The stacks of one stage. */
export interface Platform {
  readonly keys: KeysStack;
  readonly data: DataStack;
  readonly audit: AuditStack;
  readonly identity: IdentityStack;
  readonly clinicalApi: ApiStack;
  readonly identityApi: IdentityApiStack;
  readonly edge: EdgeStack;
}

/**
 * Adds the stacks of a stage to an application, by lifecycle (design.md §2).
 * @param report hears what stage `local` goes without
 */
export const platform = (
  app: App,
  config: StageConfig,
  report: (omission: string) => void = () => {},
): Platform => {
  const { stage, account, region } = config;
  const named = (name: string): string => `chartlock-${stage}-${name}`;
  const stateless: StackProps = { env: { account, region } };
  const stateful: StackProps = { ...stateless, terminationProtection: stage === 'prod' };

  const keys = new KeysStack(app, named('keys'), { ...stateful, config });
  const data = new DataStack(app, named('data'), { ...stateful, keys });
  const audit = new AuditStack(app, named('audit'), { ...stateful, config, keys });
  const stores: Stores = {
    records: { table: data.records, key: keys.data },
    keyring: { table: data.keyring, key: keys.keyring },
    directory: { table: data.directory, key: keys.data },
    sessions: { table: data.sessions, key: keys.data },
    audit: { table: audit.table, key: keys.audit },
  };
  const identity = new IdentityStack(app, named('identity'), { ...stateful, config, keys, stores });
  const apiProps = { ...stateless, config, keys, stores, identity };
  const clinicalApi = new ApiStack(app, named('clinical-api'), {
    ...apiProps,
    capability: 'clinical',
    description: 'Charts: patients, care teams, vital signs',
    environment: {
      RECORDS_TABLE: data.records.tableName,
      KEYRING_TABLE: data.keyring.tableName,
      FIELD_KEY_ARN: keys.field.keyArn,
    },
  });
  const identityApi = new IdentityApiStack(app, named('identity-api'), {
    ...apiProps,
    description: 'Sign-in and users',
  });
  const partnerApis: { readonly clinical?: PartnerApiStack } = config.partnerDomain
    ? {
        clinical: new PartnerApiStack(app, named('partner-api'), {
          ...stateless,
          config,
          keys,
          identity,
          capability: 'clinical',
          shared: clinicalApi,
        }),
      }
    : {};
  const edge = new EdgeStack(app, named('edge'), {
    ...stateless,
    config,
    keys,
    apis: { clinical: clinicalApi, identity: identityApi },
    partnerApis,
    identity,
  });
  Tags.of(app).add('application', 'chartlock');
  Tags.of(app).add('stage', stage);
  if (stage === 'local') Aspects.of(app).add(new EmulatorOmissions(report));
  return { keys, data, audit, identity, clinicalApi, identityApi, edge };
};
