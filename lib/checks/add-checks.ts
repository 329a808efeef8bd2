import type { App } from 'aws-cdk-lib';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import type { StageName } from '../config/stage-config.ts';
import type { Acknowledgement } from './acknowledgements.ts';
import { acknowledgements } from './acknowledgements.ts';
import { HouseChecks } from './house-checks.ts';

/** The construct of an acknowledgement. */
export const acknowledged = (app: App, stage: StageName, { path }: Acknowledgement): IConstruct => {
  const [stack = '', ...rest] = path.split('/');
  return rest.reduce<IConstruct>(
    (construct, id) => construct.node.findChild(id),
    app.node.findChild(`chartlock-${stage}-${stack}`),
  );
};

/** Whether a stage has the stack of an acknowledgement: a stage without partners has no API for them. */
const isOf = (app: App, stage: StageName, { path }: Acknowledgement): boolean =>
  app.node.tryFindChild(`chartlock-${stage}-${path.split('/')[0]}`) !== undefined;

/**
 * Makes synthesis fail on a finding of the AWS Solutions, HIPAA Security, NIST 800-53 r5 or our own pack that is not
 * acknowledged with a reason; each acknowledgement is written into the template.
 * @param exceptions what is acknowledged
 */
export const addChecks = (
  app: App,
  stage: StageName,
  exceptions: readonly Acknowledgement[] = acknowledgements,
): void => {
  for (const acknowledgement of exceptions.filter((exception) => isOf(app, stage, exception)))
    for (const id of acknowledgement.rules)
      Validations.of(acknowledged(app, stage, acknowledgement)).acknowledge({
        id,
        reason: acknowledgement.reason,
      });
  const options = { verbose: true, writeSuppressionsToCloudFormation: true };
  Validations.of(app).addPlugins(
    new AwsSolutionsChecks(app, options),
    new HIPAASecurityChecks(app, options),
    new NIST80053R5Checks(app, options),
    new HouseChecks(app, options),
  );
};
