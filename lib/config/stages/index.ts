import type { StageConfig, StageName } from '../stage-config.ts';
import { stages, validateStage } from '../stage-config.ts';
import { dev } from './dev.ts';
import { local } from './local.ts';
import { prod } from './prod.ts';

const configs: { readonly [S in StageName]: StageConfig } = { local, dev, prod };

/**
 * The validated configuration of a stage.
 * @throws TypeError when there is no such stage, or a value in it is wrong.
 */
export const stageConfig = (name: unknown): StageConfig => {
  const stage = stages.find((known) => known === name);
  if (!stage)
    throw new TypeError(
      `the stage is ${name === undefined ? 'missing' : JSON.stringify(name)}: add -c stage=<stage>, with one of ${stages.join(', ')}`,
    );
  return validateStage(configs[stage]);
};
