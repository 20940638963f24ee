import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  planWorkingDirectory,
  type WorkingDirectoryFinding,
  type WorkingDirectoryPlan,
} from '../../../engine/spec/working-directory.ts';
import { specInput, validSpec, type SpecCase } from '../../support/spec-input.ts';
import { assertRefused } from '../../support/throws.ts';

function plan(
  specCase: SpecCase,
  kind: WorkingDirectoryFinding['kind'],
  path = '/work',
): WorkingDirectoryPlan {
  return planWorkingDirectory(specInput(specCase), { path, kind });
}

const OF_MANIFEST: SpecCase = { spec: { workingDir: '/work' } };
const OF_IMAGE: SpecCase = { input: { imageConfig: { Cmd: ['x'], WorkingDir: '/work' } } };

function withVolume(specCase: SpecCase, containerPath: string): SpecCase {
  const volumes = [{ containerPath, hostPath: '/srv', readOnly: false, options: [] }];
  return { ...specCase, input: { ...specCase.input, volumes } };
}

test('the working directory is that of the manifest, else of the image, else the root', () => {
  assert.is(validSpec(OF_MANIFEST).process.cwd, '/work');
  assert.is(validSpec({ ...OF_IMAGE, ...OF_MANIFEST }).process.cwd, '/work');
  assert.is(validSpec(OF_IMAGE).process.cwd, '/work');
  assert.is(validSpec().process.cwd, '/');
  const relative = { input: { imageConfig: { Cmd: ['x'], WorkingDir: 'app' } } };
  assert.is(validSpec(relative).process.cwd, '/app');
});

test('[workdir.volume] one at or under a volume or tmpfs is left alone, whatever the image has there', () => {
  for (const place of ['/work', '/work/']) {
    assert.is(plan(withVolume(OF_MANIFEST, place), 'missing'), 'leave', place);
  }
  const deep = { spec: { workingDir: '/work/a/b' } };
  assert.is(plan(withVolume(deep, '/work'), 'missing', '/work/a/b'), 'leave');
  assert.is(plan({ spec: { workingDir: '/work', tmpfs: [{ mountPath: '/work' }] } }, 'other'), 'leave');
  const beside = (): unknown => plan(withVolume(OF_MANIFEST, '/wor'), 'missing');
  assertRefused(beside, 'BAD_REQUEST', '/work');
});

test('[workdir.exists] one that exists must be a directory; the error names both places', () => {
  assert.is(plan(OF_MANIFEST, 'directory'), 'leave');
  assertRefused(() => plan(OF_MANIFEST, 'other'), 'BAD_REQUEST', 'container web', '/work', 'directory');
  const linked = (): unknown => plan(OF_IMAGE, 'other', '/etc/passwd');
  assertRefused(linked, 'BAD_REQUEST', '/work', '/etc/passwd');
});

test("[workdir.create] the image's own is created when missing, one of the manifest must exist", () => {
  assert.is(plan(OF_IMAGE, 'missing'), 'create');
  assertRefused(() => plan(OF_MANIFEST, 'missing'), 'BAD_REQUEST', '/work', 'does not exist');
});

test('[workdir.create] a link of the manifest’s that ends in a volume is left alone', () => {
  assert.is(plan(withVolume(OF_MANIFEST, '/data'), 'missing', '/data/work'), 'leave');
});

test.run();
