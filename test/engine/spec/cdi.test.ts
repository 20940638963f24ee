import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cdiEdits, isCdiName, type CdiFile } from '../../../engine/spec/cdi.ts';
import { cdiSpec, HostFileError, parseHostFile } from '../../../schemas/index.ts';
import { validSpec } from '../../support/spec-input.ts';
import { assertRefused } from '../../support/throws.ts';

const YAML = `
cdiVersion: "0.6.0"
kind: vendor.com/gpu
containerEdits:
  env: [GPUS=some]
  hooks:
    - {hookName: createContainer, path: /usr/bin/ldcache, args: [ldcache, update]}
devices:
  - name: gpu0
    containerEdits:
      deviceNodes: [{path: /dev/gpu0, permissions: rw}]
      mounts: [{hostPath: /usr/lib/gpu, containerPath: /usr/lib/gpu, options: [ro, nosuid]}]
      additionalGids: [44]
  - name: all
    containerEdits:
      deviceNodes: [{path: /dev/gpu0, type: c, major: 195, minor: 0}]
`;

function file(text: string, name = '/etc/cdi/gpu.yaml', priority = 0): CdiFile {
  return { file: name, priority, spec: parseHostFile(cdiSpec, text, name) };
}

test('[spec.devices] a CDI device brings its own edits, and once those of its specification', () => {
  const edits = cdiEdits(['vendor.com/gpu=gpu0', 'vendor.com/gpu=all', 'vendor.com/gpu=gpu0'], [file(YAML)]);
  assert.equal(edits, {
    env: ['GPUS=some'],
    deviceNodes: [
      { path: '/dev/gpu0', permissions: 'rw' },
      { path: '/dev/gpu0', type: 'c', major: 195, minor: 0 },
    ],
    mounts: [
      { hostPath: '/usr/lib/gpu', containerPath: '/usr/lib/gpu', options: ['ro', 'nosuid'], readOnly: true },
    ],
    hooks: { createContainer: [{ path: '/usr/bin/ldcache', args: ['ldcache', 'update'] }] },
    additionalGids: [44],
  });
});

test('[spec.devices] the edits of CDI devices stand in the spec', () => {
  const { process, linux, mounts, hooks } = validSpec({
    input: {
      cdi: {
        ...cdiEdits(['vendor.com/gpu=gpu0'], [file(YAML)]),
        deviceNodes: [{ path: '/dev/gpu0', type: 'c', major: 195, minor: 0, permissions: 'rw' }],
      },
    },
  });
  assert.ok(process.env.includes('GPUS=some'));
  assert.equal(process.user.additionalGids, [44]);
  assert.is(linux.devices?.[0]?.path, '/dev/gpu0');
  assert.equal(linux.resources.devices?.at(-1), {
    allow: true,
    type: 'c',
    major: 195,
    minor: 0,
    access: 'rw',
  });
  assert.equal(mounts.find(({ destination }) => destination === '/usr/lib/gpu')?.options, [
    'ro',
    'rprivate',
    'nosuid',
    'rbind',
  ]);
  assert.ok(hooks?.createContainer);
});

test('[spec.devices] the later directory wins; two files of one directory with the same device are refused', () => {
  const own = YAML.replace('GPUS=some', 'GPUS=own');
  const later = cdiEdits(['vendor.com/gpu=gpu0'], [file(YAML), file(own, '/var/run/cdi/gpu.yaml', 1)]);
  assert.equal(later.env, ['GPUS=own']);
  const both = [file(YAML), file(own, '/etc/cdi/other.yaml')];
  const run = (): unknown => cdiEdits(['vendor.com/gpu=gpu0'], both);
  assertRefused(run, 'BAD_REQUEST', '/etc/cdi/gpu.yaml', '/etc/cdi/other.yaml');
});

test('[spec.devices] a device that no specification has is refused by name', () => {
  assertRefused(() => cdiEdits(['vendor.com/gpu=gpu9'], [file(YAML)]), 'BAD_REQUEST', 'vendor.com/gpu=gpu9');
  assertRefused(() => cdiEdits(['other.com/x=y'], []), 'BAD_REQUEST', 'other.com/x=y');
});

test('[spec.devices] names of CDI are told from paths', () => {
  assert.ok(isCdiName('nvidia.com/gpu=all'));
  for (const name of ['/dev/fuse', 'gpu=all', 'vendor.com/gpu', 'vendor.com/gpu=-x'])
    assert.not(isCdiName(name), name);
});

test('[spec.devices] a specification that is wrong is refused with its file and field', () => {
  try {
    file(YAML.replace('path: /dev/gpu0, permissions: rw', 'path: dev/gpu0, permissions: rwx'));
    assert.unreachable();
  } catch (error) {
    assert.instance(error, HostFileError);
    const { message } = error as HostFileError;
    assert.match(message, /^\/etc\/cdi\/gpu\.yaml: .*deviceNodes\.0\.path.*deviceNodes\.0\.permissions/);
  }
});

test.run();
