import type { IAspect } from 'aws-cdk-lib';
import { CfnResource, Stack } from 'aws-cdk-lib';
import { CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { omittedTypes } from './omitted-types.ts';

interface Statement {
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const demandsTls = ({ Condition = {} }: Statement): boolean =>
  Object.values(Condition).some((block) => 'aws:SecureTransport' in block || 's3:TlsVersion' in block);

/**
 * Takes out of stage `local` what its emulator cannot do: resource types that it refuses, and the bucket policies that
 * demand TLS, for it speaks plain HTTP on loopback. Each omission is reported.
 */
export class EmulatorOmissions implements IAspect {
  readonly #report: (omission: string) => void;

  constructor(report: (omission: string) => void) {
    this.#report = report;
  }

  visit(node: IConstruct): void {
    if (node instanceof CfnBucketPolicy) this.#withoutTls(node);
    else if (CfnResource.isCfnResource(node) && omittedTypes.includes(node.cfnResourceType)) {
      this.#report(`${node.cfnResourceType} ${node.node.path}`);
      node.node.scope?.node.tryRemoveChild(node.node.id);
    }
  }

  #withoutTls(policy: CfnBucketPolicy): void {
    const document = Stack.of(policy).resolve(policy.policyDocument) as { Statement: readonly Statement[] };
    const kept = document.Statement.filter((statement) => !demandsTls(statement));
    if (kept.length === document.Statement.length) return;
    this.#report(`TLS-only statements of ${policy.node.path}`);
    policy.policyDocument = { ...document, Statement: kept };
  }
}
