import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerEnvFile } from '../../../engine/files/container-env.ts';
import { hostnameFile } from '../../../engine/files/hostname.ts';
import { zoneFile } from '../../../engine/files/localtime.ts';
import { assertRefused } from '../../support/throws.ts';

const CONTAINER = {
  engine: 'tsctr-0.1.0',
  name: 'web',
  id: 'abc',
  image: 'localhost/demo:1',
  imageId: 'sha256:1',
};

test('[files.hostname] is one line', () => {
  assert.is(hostnameFile('web'), 'web\n');
});

test('[files.containerenv] tells engine, name, id and image to a privileged container, and nothing to others', () => {
  assert.is(containerEnvFile({ ...CONTAINER, privileged: false }), '');
  assert.is(
    containerEnvFile({ ...CONTAINER, privileged: true }),
    'engine="tsctr-0.1.0"\nname="web"\nid="abc"\nimage="localhost/demo:1"\nimageid="sha256:1"\nrootless=0\n',
  );
});

test('[files.containerenv] no value can break out of its quotes', () => {
  const text = containerEnvFile({ ...CONTAINER, privileged: true, image: 'a"\nrootless=1\n$(x)`y`' });
  assert.is(text.split('\n').length, 7);
  assert.ok(text.includes('image="arootless=1(x)y"'));
});

test('[files.localtime] a zone is a file below the zone directory, `local` is that of the host', () => {
  assert.equal(zoneFile('Europe/Berlin', 'web'), { directory: '/usr/share/zoneinfo', name: 'Europe/Berlin' });
  assert.equal(zoneFile('Etc/GMT+1', 'web'), { directory: '/usr/share/zoneinfo', name: 'Etc/GMT+1' });
  assert.equal(zoneFile('local', 'web'), { directory: '/', name: 'etc/localtime' });
});

test('[files.localtime] names that lead elsewhere are refused', () => {
  for (const zone of [
    '../../../etc/shadow',
    '/etc/shadow',
    'Europe/../../x',
    '.',
    '',
    'a//b',
    'a/./b',
    'a\0b',
  ]) {
    assertRefused(() => zoneFile(zone, 'web'), 'BAD_REQUEST', 'container web', 'Europe/Berlin');
  }
});

test.run();
