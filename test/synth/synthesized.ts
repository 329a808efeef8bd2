import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StageConfig, StageName } from '../../lib/config/stage-config.ts';
import type { Order, Outcome } from './synthesize.ts';

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

/**
 * Synthesizes in a process of its own. The CDK's own validation of templates takes ten times as long as all the rest,
 * so only the tests of the checks have it.
 * @throws Error with the message of what the synthesis threw
 */
export const ordered = (order: Order): Outcome => {
  const directory = mkdtempSync(join(tmpdir(), 'chartlock-order-'));
  try {
    const file = join(directory, 'outcome.json');
    const script = join(import.meta.dirname, 'synthesize.ts');
    const { stderr } = spawnSync(process.execPath, [script, file, JSON.stringify(order)], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', CDK_VALIDATION: String(order.checks?.validated ?? false) },
    });
    let outcome: Outcome;
    try {
      outcome = JSON.parse(readFileSync(file, 'utf8'));
    } catch (cause) {
      throw new Error(`the synthesis ended without an outcome: ${stderr}`, { cause });
    }
    if (outcome.error !== undefined) throw new Error(outcome.error);
    return outcome;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
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
 * Synthesizes a stage.
 * @param change what differs from the stage's own configuration
 */
export const synthesized = (stage: StageName, change: Partial<StageConfig> = {}): Synthesized => {
  const outcome = ordered({ stage, change }) as Required<Outcome>;
  const templates = new Map(Object.entries(outcome.templates) as [string, Template][]);
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
    config: outcome.config,
    resources,
    templates: new Map([...templates].map(([stack, template]) => [stack, JSON.stringify(template)])),
    omissions: outcome.omissions,
    ofType: (type) => resources.filter((resource) => resource.type === type),
    protectedStacks: outcome.protectedStacks,
  };
};
