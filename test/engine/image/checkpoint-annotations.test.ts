import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkpointAnnotations, isCheckpointImage } from '../../../engine/image/checkpoint-annotations.ts';
import type { CheckpointImageFacts } from '../../../engine/image/checkpoint-annotations.ts';

const FACTS: CheckpointImageFacts = {
  container: 'web',
  image: { reference: 'localhost/demo:1', id: 'sha256:ab' },
  runtime: { name: 'runc', version: '1.1.5' },
  criu: '4.1.1',
  kernel: '6.1.0',
  architecture: 'amd64',
  cgroups: 'hybrid',
};

test('[ckpt.image] an image says what it holds under the names that podman, and CRI-O and containerd, look for', () => {
  const annotations = checkpointAnnotations(FACTS);
  const podman = 'io.podman.annotations.checkpoint';
  assert.is(annotations[`${podman}.name`], 'web');
  assert.is(annotations[`${podman}.runtime.name`], 'runc');
  assert.is(annotations[`${podman}.criu.version`], '40101');
  assert.is(annotations[`${podman}.rootfsImageID`], 'ab');
  assert.is(annotations[`${podman}.cgroups.version`], 'v1');
  assert.is(annotations['org.criu.checkpoint.container.name'], 'web');
  assert.is(annotations['org.criu.checkpoint.host.arch'], 'amd64');
});

test('what is not known is left out, and an image is known for a checkpoint by either name', () => {
  const annotations = checkpointAnnotations({
    ...FACTS,
    image: null,
    criu: null,
    kernel: null,
    cgroups: null,
  });
  assert.not(Object.keys(annotations).some((name) => /rootfsImage|criu\.version|kernel|cgroup/.test(name)));
  assert.ok(isCheckpointImage(annotations));
  assert.ok(isCheckpointImage({ 'org.criu.checkpoint.container.name': 'web' }));
  assert.not(isCheckpointImage({ 'org.opencontainers.image.title': 'web' }));
});

test.run();
