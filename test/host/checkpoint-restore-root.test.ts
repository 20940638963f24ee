import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mountRestoreRoot, unmountRestoreRoot } from '../../engine/checkpoint/restore/restore-root.ts';
import { createLinuxKernel, MS_BIND, MS_SHARED } from '../../native/index.ts';
import { testUnless } from '../support/skip.ts';

const onHost = testUnless(test, process.getuid?.() === 0 ? null : 'needs root');

/** Lines of proc_pid_mountinfo(5) by mount point. */
function mountOf(place: string): { id: string; parent: string; options: string; optional: string } | null {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [id = '', parent = '', , , mountPoint, options = '', ...rest] = (line.split(' - ')[0] ?? '').split(
      ' ',
    );
    if (mountPoint === place) return { id, parent, options, optional: rest.join(' ').trim() };
  }
  return null;
}

onHost(
  '[criu.root] the root of a restore is a private mount of its own, with all below it, and on a mount that nobody covers',
  () => {
    const kernel = createLinuxKernel();
    const directory = mkdtempSync(path.join(process.env['TSCTR_TEST_DIR'] ?? '/tmp', 'root-'));
    const [rootfs, volume, bundle] = ['rootfs', 'volume', 'bundle'].map((name) =>
      path.join(directory, name),
    ) as [string, string, string];
    for (const name of [rootfs, path.join(rootfs, 'data'), volume, bundle]) mkdirSync(name);
    writeFileSync(path.join(volume, 'file'), 'of the volume');
    const places = [rootfs, path.join(rootfs, 'data')];
    try {
      kernel.mount(rootfs, rootfs, null, MS_BIND, null);
      kernel.mount(volume, path.join(rootfs, 'data'), null, MS_BIND, null);
      for (const place of places) kernel.mount(null, place, null, MS_SHARED, null);
      for (const readOnly of [false, true]) {
        const target = mountRestoreRoot(kernel, rootfs, bundle, { readOnly });
        assert.is(readFileSync(path.join(target, 'data/file'), 'utf8'), 'of the volume');
        const root = mountOf(target);
        assert.is(root?.optional, '', 'it is not shared');
        assert.is(mountOf(path.join(target, 'data'))?.optional, '', 'nor is what lies below it');
        assert.is(root?.options.startsWith('ro'), readOnly);
        assert.ok(mountOf(rootfs)?.optional.startsWith('shared:'), 'the original stays as it was');
        assert.ok(mountOf(rootfs)?.options.startsWith('rw'));
        assert.is(
          mountOf(path.join(bundle, 'criu-root'))?.parent,
          mountOf(rootfs)?.parent,
          'on the mount of the bundle',
        );
        unmountRestoreRoot(kernel, bundle);
        assert.is(mountOf(target), null);
        assert.not(existsSync(target));
        unmountRestoreRoot(kernel, bundle);
      }
    } finally {
      unmountRestoreRoot(kernel, bundle);
      for (const place of places.reverse()) if (mountOf(place) !== null) kernel.umount2(place, 0);
      rmSync(directory, { recursive: true });
    }
  },
);

test.run();
