import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { wasKilledForMemory } from '../../../engine/container/oom-kill.ts';
import { containerId } from '../../support/container-request.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const record = (id: string, pid: number): string =>
  `6,1201,8112345678,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,` +
  `oom_memcg=/tsctr.slice/tsctr-${id}.scope,task_memcg=/tsctr.slice/tsctr-${id}.scope,task=tail,pid=${pid},uid=0\n`;

test("[state.oom] what conmon came too late for stands in the kernel's log, under the id and the pid", async () => {
  await withDirectory((directory) => {
    const [counters, log] = [path.join(directory, 'vmstat'), path.join(directory, 'kmsg')];
    const [id, other] = [containerId(1), containerId(2)];
    const ask = (asked: string, pid: number, systemd = directory): boolean =>
      wasKilledForMemory(asked, pid, { systemd, counters, log });
    writeFileSync(counters, 'pgfault 12\noom_kill 1\n');
    assert.not(ask(id, 983), 'there is no log');
    writeFileSync(log, `6,1200,8112345670,-;tail invoked oom-killer: gfp_mask=0xcc0\n${record(id, 983)}`);
    assert.ok(ask(id, 983));
    assert.not(ask(id, 983, path.join(directory, 'none')), "without systemd conmon's word holds");
    assert.not(ask(id, 984), 'an earlier run of the same container');
    assert.not(ask(other, 983), 'an earlier process of that number');
    writeFileSync(counters, 'pgfault 12\noom_kill 0\n');
    assert.not(ask(id, 983), 'it has killed nothing since the boot');
    return Promise.resolve();
  });
});

test.run();
