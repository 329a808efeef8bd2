import { describe, expect, it } from 'vitest';
import { operations } from '../../../model/derive/operations.ts';
import { problemsOf } from '../../../model/derive/problems.ts';

const problemsBy = (id: string) => {
  const operation = operations.find((known) => known.id === id);
  if (operation === undefined) throw new TypeError(`no operation ${id}`);
  return problemsOf(operation);
};

describe('the problems of an operation', () => {
  it.each(['Vital.create', 'Vital.search'])("tell, for %s, of a patient that is not the caller's", (id) => {
    expect(problemsBy(id)).toContain('not-found');
  });

  it.each(['Patient.create', 'Patient.search'])('name no record that %s could miss', (id) => {
    expect(problemsBy(id)).not.toContain('not-found');
  });

  it('tell of a person who is there already', () => {
    expect(problemsBy('users.create')).toContain('conflict');
    expect(problemsBy('auth.logout')).not.toContain('conflict');
  });

  it('tell what the declaration adds', () => {
    expect(problemsBy('users.recordTraining')).toContain('training-required');
    expect(problemsBy('auth.logout')).not.toContain('training-required');
  });

  it('tell of an authentication that is not recent, where the operation is sensitive', () => {
    expect(problemsBy('users.create')).toContain('step-up-required');
    expect(problemsBy('auth.logout')).not.toContain('step-up-required');
  });

  it('tell of a refresh handle that is not known', () => {
    expect(problemsBy('auth.refresh')).toContain('unauthenticated');
  });
});
