import { chmod, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findProgram } from '../../engine/host.ts';
import { makeBusyboxRoot } from '../support/test-engine.ts';
import { createTestRoot } from '../support/test-root.ts';

test('exec asks the runtime that the configuration names, which alone knows the container', async () => {
  const root = await createTestRoot();
  try {
    const calls = path.join(root.directory, 'calls');
    const runtime = await root.write(
      'own-runtime',
      `#!/bin/sh\necho "$*" >> ${calls}\nexec ${findProgram('runc') ?? 'crun'} "$@"\n`,
    );
    await chmod(runtime, 0o755);
    await root.write('root/config.yaml', `runtime: ${runtime}\n`);
    const rootfs = path.join(root.directory, 'rootfs');
    await mkdir(rootfs);
    await makeBusyboxRoot(rootfs);
    const manifest = {
      apiVersion: 'tsctr.dev/v1',
      kind: 'Container',
      metadata: { name: 'web' },
      spec: { rootfs, terminationGracePeriodSeconds: 0, command: ['/bin/sleep', '1000'] },
    };
    await root.output(['apply', '-f', await root.write('web.json', JSON.stringify(manifest)), '--wait']);
    assert.is(await root.output(['exec', 'web', '--', 'echo', 'inside']), 'inside\n');
    assert.match(await readFile(calls, 'utf8'), /\bexec\b/);
    await root.output(['delete', 'container', 'web']);
  } finally {
    await root.remove();
  }
});

test.run();
