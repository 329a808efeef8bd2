import type { CfnResource } from 'aws-cdk-lib';
import { Stack } from 'aws-cdk-lib';
import { NagMessageLevel, NagPack, type NagPackProps, NagRuleCompliance } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { houseRules, type Rendered } from './house-rules.ts';

interface Renderable {
  _toCloudFormation(): object;
}

const rendered = (node: CfnResource): Rendered => {
  const template = Stack.of(node).resolve((node as unknown as Renderable)._toCloudFormation());
  return (Object.values(template.Resources ?? {})[0] as Rendered)?.Properties ?? {};
};

/** Our own rules as a pack beside cdk-nag's, with the same findings, acknowledgements and failing synthesis. */
export class HouseChecks extends NagPack {
  readonly name = 'Chartlock';

  constructor(scope?: IConstruct, props?: NagPackProps) {
    super(scope, props);
    this.packName = 'Chartlock';
  }

  protected checkResource(node: CfnResource): void {
    for (const { id, type, finding, holds } of houseRules)
      if (type === node.cfnResourceType)
        this.applyRule({
          ruleSuffixOverride: id,
          info: finding,
          explanation: 'docs/adr and test/synth say why and how it holds.',
          level: NagMessageLevel.ERROR,
          node,
          rule: () => (holds(rendered(node)) ? NagRuleCompliance.COMPLIANT : NagRuleCompliance.NON_COMPLIANT),
        });
  }
}
