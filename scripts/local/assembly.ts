import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A CloudFormation template, as far as the local runtime looks into it. */
export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
}

/** One resource of a template; its properties may hold intrinsic functions. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** The stacks of a synthesized CDK application. */
export interface Assembly {
  readonly directory: string;
  /** Templates by stack name. */
  readonly templates: ReadonlyMap<string, Template>;
  /** Changes whenever a template or the content of an asset does. */
  readonly digest: string;
}

interface Manifest {
  readonly artifacts: Readonly<
    Record<string, { type: string; properties?: { templateFile?: string; stackName?: string } }>
  >;
}

/**
 * Reads a synthesized application.
 * @param directory - the CDK's output folder
 */
export function readAssembly(directory: string): Assembly {
  const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as Manifest;
  const templates = new Map<string, Template>();
  for (const [id, artifact] of Object.entries(manifest.artifacts)) {
    if (artifact.type !== 'aws:cloudformation:stack' || !artifact.properties?.templateFile) continue;
    const text = readFileSync(join(directory, artifact.properties.templateFile), 'utf8');
    templates.set(artifact.properties.stackName ?? id, JSON.parse(text) as Template);
  }
  // Templates name their assets by a digest of the content.
  const hash = createHash('sha256');
  for (const file of readdirSync(directory)
    .filter((name) => /\.(template|assets)\.json$/.test(name))
    .sort()) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(directory, file)))
      .update('\0');
  }
  return { directory, templates, digest: hash.digest('hex') };
}
