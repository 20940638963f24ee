import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { labelAt, labelTree } from '../../engine/selinux/label-tree.ts';
import { createFakeKernel, createLinuxKernel } from '../../native/index.ts';
import { importDemoImage } from '../support/demo-image.ts';
import { withDirectory } from '../support/scratch-directory.ts';
import { testUnless } from '../support/skip.ts';
import { createTestRoot } from '../support/test-root.ts';

const OLD = 'system_u:object_r:user_home_t:s0';
const NEW = 'system_u:object_r:container_file_t:s0:c1,c2';
const kernel = createLinuxKernel();

const missingForSeLinux = existsSync('/sys/fs/selinux/enforce') ? null : 'this host runs without SELinux';

test('[spec.selinux] a tree is labelled whole, links themselves and nothing that they lead to, and only once', async () => {
  await withDirectory(async (directory) => {
    const top = path.join(directory, 'top');
    const outside = path.join(directory, 'outside');
    mkdirSync(path.join(top, 'sub'), { recursive: true });
    writeFileSync(path.join(top, 'sub/file'), '');
    writeFileSync(outside, '');
    symlinkSync('../outside', path.join(top, 'link'));
    kernel.lsetxattr(outside, 'security.selinux', Buffer.from(`${OLD}\0`), 0);
    await labelTree(kernel, top, NEW);
    for (const name of ['', 'sub', 'sub/file', 'link']) {
      assert.is(labelAt(kernel, path.join(top, name)), NEW, name);
    }
    assert.is(labelAt(kernel, outside), OLD);
    // One that has the label was done before: nothing below it is looked at.
    await labelTree(createFakeKernel({ lgetxattr: () => Buffer.from(`${NEW}\0`) }), top, NEW);
  });
});

testUnless(test, missingForSeLinux)(
  '[spec.selinux] a process of a container has a label of its own',
  async () => {
    const root = await createTestRoot();
    try {
      await importDemoImage(root);
      const spec = { image: 'localhost/demo:1', command: ['sleep', '600'], terminationGracePeriodSeconds: 0 };
      const manifest = { apiVersion: 'tsctr.dev/v1', kind: 'Container', metadata: { name: 'web' }, spec };
      await root.output(['apply', '-f', await root.write('web.json', JSON.stringify(manifest)), '--wait']);
      const label = await root.output(['exec', 'web', '--', 'cat', '/proc/1/attr/current']);
      assert.match(label, /^system_u:system_r:container_t:s0:c\d+,c\d+/);
    } finally {
      await root.remove();
    }
  },
);

test.run();
