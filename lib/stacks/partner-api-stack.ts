import type { StackProps } from 'aws-cdk-lib';
import { Stack } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import { operations, scopeFor } from '../../model/derive/operations.ts';
import type { Capability } from '../../model/vocabulary.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { addExplicitApi } from '../constructs/explicit-api.ts';
import type { ApiStack } from './api-stack.ts';
import type { IdentityStack } from './identity-stack.ts';
import type { KeysStack } from './keys-stack.ts';

/** What the partners' API needs. */
export interface PartnerApiStackProps extends StackProps {
  readonly config: StageConfig;
  readonly keys: KeysStack;
  readonly identity: IdentityStack;
  readonly capability: Capability;
  /** The API of the same capability for everyone else, whose function it shares. */
  readonly shared: ApiStack;
}

/**
 * A capability's API for partners' machines, which come with client certificates: the operations that a machine is permitted,
 * by machines' scopes only (ADR 18).
 * @stateless
 */
export class PartnerApiStack extends Stack {
  readonly api: RestApi;

  constructor(
    scope: Construct,
    id: string,
    { config, keys, identity, capability, shared, ...props }: PartnerApiStackProps,
  ) {
    super(scope, id, props);
    this.api = addExplicitApi(this, {
      config,
      description: `Partners’ machines: ${capability}`,
      logsKey: keys.logs,
      userPool: identity.userPool,
      lambda: shared.function.lambda,
      routes: operations
        .filter((operation) => operation.capability === capability)
        .flatMap((operation) => {
          const systemScope = scopeFor(operation, 'system');
          return systemScope === undefined ? [] : [{ ...operation, scopes: [systemScope] }];
        }),
      hasDomain: true,
      tls: '1.2',
    });
  }
}
