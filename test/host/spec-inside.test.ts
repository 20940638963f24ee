import { readlinkSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { outputOf } from '../support/container-output.ts';
import { withEngine } from '../support/test-engine.ts';

test('[spec.namespaces] [spec.hostname] namespaces and host name as a process inside finds them', async () => {
  await withEngine(async (engine) => {
    const script =
      'for n in ipc net pid uts cgroup mnt; do readlink /proc/self/ns/$n; done; hostname; echo $HOSTNAME';
    const host = (kind: string): string => readlinkSync(`/proc/self/ns/${kind}`);
    const own = (await outputOf(engine, script, { hostname: 'front' })).split('\n');
    for (const [i, kind] of ['ipc', 'net', 'pid', 'uts'].entries()) assert.is.not(own[i], host(kind), kind);
    assert.is.not(own[5], host('mnt'));
    assert.equal(own.slice(6, 8), ['front', 'front']);
    const shared = await outputOf(engine, script, { hostNetwork: true, hostPID: true, hostIPC: true });
    for (const kind of ['ipc', 'net', 'pid']) assert.ok(shared.split('\n').includes(host(kind)), kind);
  });
});

test('[spec.env] [spec.command] variables and command as the process gets them', async () => {
  await withEngine(
    async (engine) => {
      const spec = {
        env: [
          { name: 'ONE', value: '1' },
          { name: 'TWO', value: '$(ONE)2 $$(ONE)' },
          { name: 'FROM_IMAGE', value: 'ours' },
        ],
      };
      const output = await outputOf(engine, 'env; echo "args=$0 $*"', spec);
      for (const line of ['ONE=1', 'TWO=12 $(ONE)', 'FROM_IMAGE=ours', 'KEPT=yes', 'container=tsctr']) {
        assert.ok(output.split('\n').includes(line), `${line} in\n${output}`);
      }
      assert.match(output, /^PATH=.+/m);
      assert.match(output, /^args=\/bin\/sh $/m, "the image's Cmd is dropped with its entrypoint");
    },
    { config: { Env: ['FROM_IMAGE=theirs', 'KEPT=yes'], Entrypoint: ['/no/such'], Cmd: ['x'] } },
  );
});

test('[spec.security] capabilities, no-new-privileges, seccomp and masks as the kernel has them', async () => {
  await withEngine(async (engine) => {
    const script =
      'grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status; for f in kcore keys timer_list; do test -e /proc/$f && { test -c /proc/$f && echo masked $f || echo open $f; }; done; echo x > /proc/sys/kernel/domainname; echo x > /usr-is-mine; echo x > /tmp/t && echo tmp';
    const strict = await outputOf(engine, script, {
      securityContext: {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
      },
    });
    assert.match(strict, /^CapEff:\t0000000000000400$/m);
    assert.match(strict, /^NoNewPrivs:\t1$/m);
    assert.match(strict, /^Seccomp:\t2$/m);
    // /dev/null lies over each that this kernel has.
    assert.match(strict, /^masked /m);
    assert.not.match(strict, /^open /m);
    assert.match(strict, /domainname: Read-only file system/);
    assert.match(strict, /usr-is-mine: Read-only file system/);
    assert.match(strict, /^tmp$/m);
  });
});

test('[spec.privileged] no seccomp, nothing masked, the devices of the host', async () => {
  await withEngine(async (engine) => {
    const output = await outputOf(engine, 'grep Seccomp: /proc/self/status; ls /dev/kmsg /dev/full', {
      privileged: true,
    });
    assert.match(output, /^Seccomp:\t0$/m);
    assert.match(output, /^\/dev\/kmsg$/m);
  });
});

test('[spec.rlimits-sysctls] [spec.umask] [spec.timezone-umask-init] limits, sysctls and umask', async () => {
  await withEngine(async (engine) => {
    const output = await outputOf(
      engine,
      'ulimit -Sn; ulimit -Hn; cat /proc/sys/kernel/msgmax; umask; cat /proc/self/oom_score_adj',
      {
        ulimits: [{ name: 'nofile', soft: 100, hard: 200 }],
        sysctls: { 'kernel.msgmax': '12345' },
        umask: '0027',
        oomScoreAdj: 500,
      },
    );
    assert.equal(output.trim().split('\n'), ['100', '200', '12345', '0027', '500']);
  });
});

test.run();
