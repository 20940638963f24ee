import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatLsmProfile, lsmProfileOf } from '../../../engine/checkpoint/lsm-profile.ts';
import type { OciSpec } from '../../../schemas/index.ts';

const said = (process: Partial<OciSpec['process']>): string =>
  formatLsmProfile(lsmProfileOf({ process } as OciSpec));

test('what confines the processes of an archive is what the manifest says, in the words of CRIU', () => {
  assert.is(said({ apparmorProfile: 'tsctr-default' }), 'apparmor:tsctr-default');
  assert.is(
    said({ selinuxLabel: 'system_u:system_r:container_t:s0' }),
    'selinux:system_u:system_r:container_t:s0',
  );
  assert.is(said({ apparmorProfile: 'unconfined' }), 'none:');
  assert.is(said({}), 'none:');
});

test.run();
