import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importArchive } from '../../../../engine/checkpoint/archive/import-archive.ts';
import { checkRights } from '../../../../engine/checkpoint/restore/check-rights.ts';
import { CheckpointImages } from '../../../../engine/criu/image/checkpoint-images.ts';
import { openImageDirectory } from '../../../../engine/criu/image/directory-images.ts';
import { createLinuxKernel } from '../../../../native/index.ts';
import type { OciSpec } from '../../../../schemas/index.ts';
import { PODMAN_ARCHIVE, SAMPLES } from '../../../support/checkpoint-sample.ts';
import { withDirectory } from '../../../support/scratch-directory.ts';

/** The specification that the processes of podman's archive were made from. */
function specOf(change: (spec: OciSpec) => void = () => undefined): OciSpec {
  const spec = JSON.parse(readFileSync(path.join(SAMPLES, 'podman-spec.dump.json'), 'utf8')) as OciSpec;
  change(spec);
  return spec;
}

function withImages(body: (messages: (spec: OciSpec) => Promise<string[]>) => Promise<void>): Promise<void> {
  return withDirectory(async (directory) => {
    const target = path.join(directory, 'checkpoint');
    await importArchive(createLinuxKernel(), { operation: 'test', archive: PODMAN_ARCHIVE, target });
    const images = new CheckpointImages(await openImageDirectory(path.join(target, 'images')));
    await body(async (spec) => (await checkRights(images, spec)).map(({ message }) => message));
  });
}

test('processes that have what their specification gives are let through', () =>
  withImages(async (messages) => {
    assert.equal(await messages(specOf()), []);
  }));

test('what is more than the manifest gives is refused: capabilities, root, suid programs, no filter, no profile, the namespaces of the host', () =>
  withImages(async (messages) => {
    const one = async (change: (spec: OciSpec) => void): Promise<string> =>
      (await messages(specOf(change))).join('\n');
    const without = await one((spec) => {
      spec.process.capabilities.bounding = (spec.process.capabilities.bounding ?? []).filter(
        (name) => name !== 'CAP_SETUID',
      );
    });
    assert.match(without, /^the process 1 \(\w+\) has CAP_SETUID, which the manifest does not give/);
    const asUser = await one((spec) => {
      spec.process.user = { ...spec.process.user, uid: 1000 };
    });
    assert.match(asUser, /is root, and the manifest has it run as user 1000/);
    const bound = await one((spec) => {
      spec.process.noNewPrivileges = true;
    });
    assert.match(bound, /may gain rights by programs with the suid bit/);
    const confined = await one((spec) => {
      spec.process.apparmorProfile = 'tsctr-default';
    });
    assert.match(confined, /has no AppArmor profile, and the manifest gives it tsctr-default/);
    const open = await one((spec) => {
      spec.process.apparmorProfile = 'unconfined';
    });
    assert.is(open, '');
    const labelled = await one((spec) => {
      spec.process.selinuxLabel = 'system_u:system_r:container_t:s0:c1,c2';
    });
    assert.match(labelled, /has no SELinux label, and the manifest gives it system_u/);
  }));

test.run();
