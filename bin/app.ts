import { App } from 'aws-cdk-lib';
import { deployable } from '../lib/config/stage-config.ts';
import { stageConfig } from '../lib/config/stages/index.ts';
import { platform } from '../lib/platform.ts';

const app = new App();
try {
  const config = stageConfig(app.node.tryGetContext('stage'));
  if (app.node.tryGetContext('action') === 'deploy') deployable(config);
  platform(app, config, (omission) => console.error(`stage local goes without ${omission}`));
  if (config.stage !== 'local') {
    const { addChecks } = await import('../lib/checks/add-checks.ts');
    addChecks(app, config.stage);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
app.synth();
