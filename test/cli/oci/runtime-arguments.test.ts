import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments } from '../../../cli/oci/read-arguments.ts';
import { runtimeArguments } from '../../../cli/oci/runtime-arguments.ts';

const given = (...words: string[]): string[] =>
  runtimeArguments(readArguments([...words, 'restore', 'web']).global);

test('what podman says of cgroups and places is said to the runtime as well, in words that crun understands', () => {
  assert.equal(given('--systemd-cgroup', '--log', '/l', '--log-format=json', '--root', '/run/crun'), [
    '--root=/run/crun',
    '--systemd-cgroup',
  ]);
  assert.equal(given('--systemd-cgroup=false', '--debug=true'), ['--debug']);
  assert.equal(given(), []);
});

test.run();
