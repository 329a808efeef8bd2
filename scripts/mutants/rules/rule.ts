import type { Mutation } from '../mutant.ts';
import type { ParsedModule } from '../parsed-module.ts';
import type { Project } from '../project.ts';

/** Finds one kind of protection in a module, by its shape, and proposes how to take each away. */
export type Rule = (module: ParsedModule, project: Project) => readonly Mutation[];
