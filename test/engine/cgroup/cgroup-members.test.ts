import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pidsBelow } from '../../../engine/cgroup/cgroup-members.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

test('the pids of a cgroup and of those below it; none of one that is gone', () =>
  withDirectory((directory) => {
    const cgroup = (name: string, pids: string): void => {
      mkdirSync(path.join(directory, name), { recursive: true });
      writeFileSync(path.join(directory, name, 'cgroup.procs'), pids);
    };
    cgroup('box', '');
    cgroup('box/init.scope', '11\n');
    cgroup('box/system.slice', '');
    cgroup('box/system.slice/web.service', '12\n13\n');
    assert.equal(pidsBelow(path.join(directory, 'box')).sort(), [11, 12, 13]);
    assert.equal(pidsBelow(path.join(directory, 'gone')), []);
  }));

test.run();
