import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { StageConfig, StageName } from '../../lib/config/stage-config.ts';
import { stageConfig } from '../../lib/config/stages/index.ts';
import { functions } from '../../lib/constructs/role-paths.ts';
import { platform } from '../../lib/platform.ts';

/** A resource of a synthesized template, with its references resolved to stable words. */
export interface SynthesizedResource {
  /** The stack's short name: `keys`, `data`, … */
  readonly stack: string;
  readonly id: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is read here, and its shape asserted
  readonly properties: any;
  readonly deletionPolicy?: string;
}

/** The stacks of one stage as CloudFormation sees them. */
export interface Synthesized {
  readonly config: StageConfig;
  readonly resources: readonly SynthesizedResource[];
  /** The raw text of each template by the stack's short name. */
  readonly templates: ReadonlyMap<string, string>;
  readonly omissions: readonly string[];
  /** The resources of a type. */
  readonly ofType: (type: string) => readonly SynthesizedResource[];
  /** Which stacks CloudFormation refuses to delete. */
  readonly protectedStacks: readonly string[];
}

/** The feature flags of `cdk.json`. */
export const featureFlags = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8')).context;

/** An application with the project's feature flags and a stub in place of each bundle; `done` removes its files. */
export const application = (): { readonly app: App; readonly done: () => void } => {
  const directory = mkdtempSync(join(tmpdir(), 'chartlock-synth-'));
  for (const name of functions) {
    mkdirSync(join(directory, 'bundles', name), { recursive: true });
    writeFileSync(
      join(directory, 'bundles', name, 'index.mjs'),
      'export const handler = async () => ({});\n',
    );
  }
  const app = new App({
    outdir: join(directory, 'out'),
    context: { ...featureFlags(), bundles: join(directory, 'bundles') },
  });
  return { app, done: () => rmSync(directory, { recursive: true, force: true }) };
};

interface Template {
  readonly Resources: Record<string, { Type: string; Properties?: unknown; DeletionPolicy?: string }>;
  readonly Outputs?: Record<string, { Value: unknown; Export?: { Name: unknown } }>;
}

const pseudo: Record<string, string> = { 'AWS::Partition': 'aws', 'AWS::URLSuffix': 'amazonaws.com' };

/** Words in place of references: `arn:<stack>/<id>` for an ARN, `<stack>/<id>` for a name. */
const resolver = (templates: ReadonlyMap<string, Template>) => {
  const exported = new Map<string, [string, unknown]>();
  for (const [stack, { Outputs = {} }] of templates)
    for (const { Export, Value } of Object.values(Outputs))
      if (Export) exported.set(JSON.stringify(Export.Name), [stack, Value]);
  const resolve = (stack: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((entry) => resolve(stack, entry));
    if (typeof value !== 'object' || value === null) return value;
    const [[key = '', argument] = [], ...more] = Object.entries(value);
    if (more.length === 0) {
      if (key === 'Ref') return pseudo[argument] ?? `${stack}/${argument}`;
      if (key === 'Fn::GetAtt') {
        const [id, attribute] = argument;
        return /Arn$/.test(attribute) ? `arn:${stack}/${id}` : `${stack}/${id}.${attribute}`;
      }
      if (key === 'Fn::Join')
        return argument[1].map((part: unknown) => resolve(stack, part)).join(argument[0]);
      if (key === 'Fn::ImportValue') {
        const [producer, exportedValue] = exported.get(JSON.stringify(argument)) ?? ['?', argument];
        return resolve(producer, exportedValue);
      }
    }
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, resolve(stack, entry)]));
  };
  return resolve;
};

/**
 * Synthesizes a stage in this process.
 * @param change what differs from the stage's own configuration
 */
export const synthesized = (stage: StageName, change: Partial<StageConfig> = {}): Synthesized => {
  const { app, done } = application();
  try {
    const config = { ...stageConfig(stage), ...change };
    const omissions: string[] = [];
    platform(app, config, (omission) => omissions.push(omission));
    const { stacks } = app.synth();
    const short = (name: string): string => name.replace(`chartlock-${stage}-`, '');
    const templates = new Map(
      stacks.map(({ stackName, template }) => [short(stackName), template as Template]),
    );
    const resolve = resolver(templates);
    const resources = [...templates].flatMap(([stack, { Resources }]) =>
      Object.entries(Resources).map(([id, { Type, Properties = {}, DeletionPolicy }]) => ({
        stack,
        id,
        type: Type,
        properties: resolve(stack, Properties),
        ...(DeletionPolicy !== undefined && { deletionPolicy: DeletionPolicy }),
      })),
    );
    return {
      config,
      resources,
      templates: new Map([...templates].map(([stack, template]) => [stack, JSON.stringify(template)])),
      omissions,
      ofType: (type) => resources.filter((resource) => resource.type === type),
      protectedStacks: stacks
        .filter(({ terminationProtection }) => terminationProtection)
        .map(({ stackName }) => short(stackName)),
    };
  } finally {
    done();
  }
};
