import { describe, expect, it } from 'vitest';
import {
  allowsRole,
  operations,
  operationsOf,
  resourcesOf,
  scopeFor,
  scopesOf,
  scopesOpening,
} from '../../../model/derive/operations.ts';
import { namedOperations } from '../../../model/operations/index.ts';
import { patient } from '../../../model/resources/patient.ts';
import { resources } from '../../../model/resources.ts';
import type { Role } from '../../../model/vocabulary.ts';
import { roles } from '../../../model/vocabulary.ts';

it('has one operation for each interaction that someone is permitted', () => {
  for (const resource of resources) {
    const permitted = new Set(
      Object.values(resource.permissions).flatMap((list) => list.flatMap(({ interactions }) => interactions)),
    );
    const derived = operations.filter(
      (operation) => operation.kind === 'resource' && operation.resource === resource,
    );
    expect(derived.map(({ id }) => id).sort()).toEqual(
      [...permitted].map((interaction) => `${resource.name}.${interaction}`).sort(),
    );
  }
  expect(resourcesOf(operations)).toEqual(resources);
});

it('searches by POST, so that no parameter is part of a URL', () => {
  const searches = operations.filter(({ id }) => id.endsWith('.search'));
  expect(searches.length).toBeGreaterThan(0);
  for (const { method, path } of searches) {
    expect(method).toBe('POST');
    expect(path).toMatch(/\/_search$/);
  }
});

describe('two operations may not share', () => {
  it('an id', () => {
    expect(() => operationsOf([patient, { ...patient, path: '/people' }], [])).toThrow('Patient.create');
  });
  it('a route', () => {
    expect(() => operationsOf([patient, { ...patient, name: 'Person' }], [])).toThrow('POST /patients');
  });
});

describe('scopes', () => {
  it.each(['compliance', 'operator'] as const)('%s carries no user/ scope', (role) => {
    expect(scopesOf(role).filter((scope) => scope.startsWith('user/'))).toEqual([]);
  });
  it.each(roles)('%s carries a scope for exactly what some permission covers', (role) => {
    const covered = operations.filter(
      (operation) => operation.scope !== undefined && allowsRole(operation, role),
    );
    expect([...scopesOf(role)].sort()).toEqual(
      [...new Set(covered.map((operation) => scopeFor(operation, role)))].sort(),
    );
  });
  it('are in SMART form, one letter each', () => {
    for (const operation of operations)
      if (operation.kind === 'resource')
        for (const scope of scopesOpening(operation))
          expect(scope).toMatch(/^(user|system)\/[A-Z][A-Za-z]+\.[crus]$/);
  });
  it('of machines are of resources only, and of nobody else', () => {
    expect(scopesOf('system').length).toBeGreaterThan(0);
    for (const scope of scopesOf('system')) expect(scope).toMatch(/^system\//);
    for (const role of roles.filter((other) => other !== 'system'))
      expect(scopesOf(role).filter((scope) => scope.startsWith('system/'))).toEqual([]);
  });
  it('open an operation to a machine only where a resource permits one', () => {
    for (const operation of operations)
      expect(scopeFor(operation, 'system') !== undefined).toBe(allowsRole(operation, 'system'));
  });
  it.each(['janitor', 'constructor', '__proto__', ''])('of %j, which is no role, are none', (role) => {
    expect(scopesOf(role as Role)).toEqual([]);
  });
  it('are absent only before sign-in', () => {
    const open = operations.filter(({ scope }) => scope === undefined).map(({ id }) => id);
    expect(open.sort()).toEqual(
      namedOperations
        .filter(({ allows }) => allows === 'public')
        .map(({ id }) => id)
        .sort(),
    );
  });
});
