import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lazyPagesFindings } from '../../../../engine/checkpoint/restore/lazy-memory.ts';
import { containerRequest } from '../../../support/container-request.ts';
import { withDirectory } from '../../../support/scratch-directory.ts';

const criuWith = (lazy_pages: boolean) => ({
  path: '/usr/sbin/criu',
  features: () => Promise.resolve({ mem_track: true, lazy_pages, pidfd_store: true }),
});

test('[criu.lazy] [criu.features] memory can come later where CRIU says so, with the users of the host', async () => {
  assert.equal(await lazyPagesFindings(criuWith(true), containerRequest({})), []);
  const [finding, ...others] = await lazyPagesFindings(criuWith(false), containerRequest({}));
  assert.equal(others, []);
  assert.is(finding?.reason, 'lazy-pages');
  assert.ok(finding?.refuses);
  assert.match(finding.message, /lazyPages.*\/usr\/sbin\/criu finds no userfaultfd/);
  assert.match(finding.fix, /CAP_SYS_PTRACE/);
});

test('[criu.lazy] in a user namespace it can where the kernel lets everybody use userfaultfd', async () => {
  await withDirectory(async (directory) => {
    const sysctl = path.join(directory, 'unprivileged_userfaultfd');
    const request = containerRequest({ userns: { mode: 'auto' } });
    writeFileSync(sysctl, '0\n');
    const [finding] = await lazyPagesFindings(criuWith(true), request, sysctl);
    assert.is(finding?.reason, 'lazy-pages');
    assert.match(finding?.message ?? '', /userns\.mode is auto/);
    writeFileSync(sysctl, '1\n');
    assert.equal(await lazyPagesFindings(criuWith(true), request, sysctl), []);
  });
});

test.run();
