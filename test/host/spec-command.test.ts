import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { OciSpec } from '../../schemas/index.ts';
import { importDemoImage } from '../support/demo-image.ts';
import { mountPointsBelow } from '../../engine/rootfs/is-mount-point.ts';
import { ociSpecErrors } from '../support/oci-schema.ts';
import { createTestRoot } from '../support/test-root.ts';

const MANIFEST = `apiVersion: v1
kind: Secret
metadata: { name: db }
stringData: { password: hunter2 }
---
apiVersion: tsctr.dev/v1
kind: Container
metadata: { name: web }
spec:
  image: localhost/demo:1
  command: [sleep, '1000']
  env:
    - { name: PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }
  volumes: [{ name: new, hostPath: { path: /no/such/place/of-the-host, type: DirectoryOrCreate } }]
  volumeMounts: [{ name: new, mountPath: /new }]
`;

test('[spec.valid] tsctr spec prints a valid spec, masks secrets, explains each part, and leaves nothing', async () => {
  const testRoot = await createTestRoot();
  try {
    await importDemoImage(testRoot);
    const file = await testRoot.write('web.yaml', MANIFEST);
    const printed = await testRoot.output(['spec', '-f', file]);
    const spec = JSON.parse(printed) as OciSpec;
    assert.equal(ociSpecErrors(spec), []);
    assert.equal(spec.process.args, ['sleep', '1000']);
    assert.ok(spec.process.env.includes('PASSWORD=(secret db/password)'));
    assert.not.match(printed, /hunter2|preview-/);
    const explained = await testRoot.output(['spec', '-f', file, '--explain']);
    assert.match(explained, /^process\.args +\S+web\.yaml:11 spec\.command$/m);
    assert.match(explained, /^process\.env\[PASSWORD\] +\S+web\.yaml:13 spec\.env\[0\]$/m);
    assert.match(explained, /^process\.env\[PATH\] +image Env$/m);
    assert.match(explained, /^linux\.seccomp +default$/m);
    assert.not(readdirSync('/').includes('no'), 'nothing of the host is made');
    assert.equal(mountPointsBelow(testRoot.directory), []);
    const left = readdirSync(testRoot.run).filter((name) => name.startsWith('preview-'));
    assert.equal(left, []);
    assert.not(readdirSync(testRoot.root).includes('secrets'), 'nothing is kept');
  } finally {
    await testRoot.remove();
  }
});

test.run();
