import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  imageCandidates,
  imageFile,
  importedName,
  refuseMissingFile,
} from '../../../engine/image/image-source.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { assertRefused } from '../../support/throws.ts';

test('a short name is looked for here first, and then fetched from the registries in their order', () => {
  const { names, sources } = imageCandidates('busybox', ['docker.io', 'quay.io']);
  assert.equal(names, [
    'localhost/busybox:latest',
    'docker.io/library/busybox:latest',
    'quay.io/busybox:latest',
  ]);
  assert.equal(sources, [
    {
      name: 'docker.io/library/busybox:latest',
      skopeo: 'docker://docker.io/library/busybox:latest',
      registryHost: 'docker.io',
    },
    { name: 'quay.io/busybox:latest', skopeo: 'docker://quay.io/busybox:latest', registryHost: 'quay.io' },
  ]);
});

test('localhost without a port is this store, with a port it is a registry', () => {
  assert.equal(imageCandidates('localhost/demo:1').sources, []);
  assert.equal(
    imageCandidates('localhost:5000/demo:1').sources.map(({ registryHost }) => registryHost),
    ['localhost:5000'],
  );
});

test('a digest is fetched without the tag, which skopeo refuses beside it', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const { names, sources } = imageCandidates(`example.org/x:1@${digest}`);
  assert.equal(names, [`example.org/x:1@${digest}`]);
  assert.is(sources[0]?.skopeo, `docker://example.org/x@${digest}`);
});

test('files are fetched under their own name, and need an absolute path', () => {
  const source = { name: 'oci-archive:/x/demo.tar', skopeo: 'oci-archive:/x/demo.tar', registryHost: null };
  assert.equal(imageCandidates('oci-archive:/x/demo.tar'), { names: [source.name], sources: [source] });
  assert.equal(imageFile('oci-archive:/x/demo.tar'), source);
  assertRefused(() => imageFile('oci:layout'), 'BAD_REQUEST', 'oci:layout', 'absolute');
  assertRefused(() => imageFile('docker://busybox'), 'BAD_REQUEST', 'docker://busybox');
  assertRefused(() => imageCandidates('UPPER/case'), 'BAD_REQUEST', 'UPPER/case');
});

test('a file that is not there is told as such, and not as one without a name', async () => {
  const { code, message } = await rejectionOf(refuseMissingFile('oci-archive:/nowhere/demo.tar'));
  assert.is(code, 'BAD_REQUEST');
  assert.is(message, 'import oci-archive:/nowhere/demo.tar: /nowhere/demo.tar: no such file or directory');
  await refuseMissingFile(`oci-archive:${import.meta.filename}:name`);
});

test('what comes out of a file belongs to this host unless its name says otherwise', () => {
  assert.is(importedName('demo:1'), 'localhost/demo:1');
  assert.is(importedName('demo'), 'localhost/demo:latest');
  assert.is(importedName('docker.io/library/busybox:1'), 'docker.io/library/busybox:1');
  assertRefused(() => importedName(`demo@sha256:${'a'.repeat(64)}`), 'BAD_REQUEST', 'demo@sha256');
});

test.run();
