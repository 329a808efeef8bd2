import { describe, expect, it } from 'vitest';
import { readRequest } from '../../scripts/cdk.ts';

describe('npm run synth and npm run deploy', () => {
  it.each([
    [['synth', '--stage', 'prod'], { command: 'synth', stage: 'prod', rest: [] }],
    [['synth', '--stage=local'], { command: 'synth', stage: 'local', rest: [] }],
    [
      ['deploy', '--stage', 'dev', 'chartlock-dev-keys', '--require-approval', 'never'],
      { command: 'deploy', stage: 'dev', rest: ['chartlock-dev-keys', '--require-approval', 'never'] },
    ],
  ])('%j', (args, request) => {
    expect(readRequest(args)).toEqual(request);
  });

  it.each([
    [['synth'], 'Name a stage'],
    [['synth', '--stage'], 'There is no such stage. There are: local, dev, prod.'],
    [['deploy', '--stage', 'production'], 'There is no such stage. There are: local, dev, prod.'],
    [['deploy', '--stage', 'local'], 'npm start'],
    [['destroy', '--stage', 'dev'], 'Name a command: synth, deploy.'],
  ])('explains what is wrong with %j', (args, sentence) => {
    const answer = readRequest(args);
    expect(answer).toMatchObject({ ok: false, sentence: expect.stringContaining(sentence) });
  });

  it('helps', () => {
    expect(readRequest(['synth', '--help'])).toMatchObject({ ok: true });
  });
});
