import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mountLocalVolume, parseMountOptions } from '../../../engine/volume/local-driver.ts';
import {
  createFakeKernel,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
} from '../../../native/index.ts';
import type { VolumeOptions, VolumeRecord } from '../../../schemas/index.ts';
import { assertRefused } from '../../support/throws.ts';

function record(options: VolumeOptions): VolumeRecord {
  const createdAt = '2026-01-01T00:00:00.000Z';
  const progress = { copyUp: 'due', ownership: 'due' } as const;
  return {
    schemaVersion: 1,
    kind: 'Volume',
    name: 'data',
    driver: 'local',
    labels: {},
    options,
    createdAt,
    ...progress,
    declaration: null,
    isCondemned: false,
  };
}

function mountsOf(options: VolumeOptions): unknown[] {
  const calls: unknown[] = [];
  const kernel = createFakeKernel({ mount: (...args) => void calls.push(args) });
  mountLocalVolume(kernel, record(options), '/target');
  return calls;
}

test('[volume.named] words of mount(8) become flags, the rest goes to the file system', () => {
  const safe = MS_NOSUID | MS_NODEV;
  assert.equal(parseMountOptions(''), { flags: safe, data: '' });
  assert.equal(parseMountOptions('ro,noexec,size=1m,uid=7'), {
    flags: safe | MS_RDONLY | MS_NOEXEC,
    data: 'size=1m,uid=7',
  });
  assert.equal(parseMountOptions('ro,rw,suid,dev'), { flags: 0, data: '' });
  assert.equal(parseMountOptions('defaults,relatime,_netdev,,rbind'), {
    flags: safe | MS_BIND | MS_REC,
    data: '',
  });
});

test('[volume.named] what is mounted for type, device and o', () => {
  const safe = MS_NOSUID | MS_NODEV;
  assert.equal(mountsOf({}), []);
  assert.equal(mountsOf({ type: 'tmpfs', o: 'size=1m' }), [['tmpfs', '/target', 'tmpfs', safe, 'size=1m']]);
  assert.equal(mountsOf({ type: 'ext4', device: '/dev/x' }), [['/dev/x', '/target', 'ext4', safe, null]]);
  assert.equal(mountsOf({ type: 'none', device: '/srv', o: 'bind,ro' }), [
    ['/srv', '/target', null, MS_BIND, null],
    [null, '/target', null, MS_REMOUNT | MS_BIND | MS_RDONLY | safe, null],
  ]);
});

test('[volume.named] options that make no sense are refused with the name of the volume', () => {
  assertRefused(
    () => mountsOf({ type: 'ext4' }),
    'BAD_REQUEST',
    'mount volume data: expected a device for type ext4',
  );
  assertRefused(
    () => mountsOf({ type: 'none', device: '/srv', o: 'bind,size=1m' }),
    'BAD_REQUEST',
    'a bind mount takes no option `size=1m`',
  );
});

test.run();
