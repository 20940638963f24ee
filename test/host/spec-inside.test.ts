import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
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

test('[spec.resources] limits as the cgroups of a process inside have them', async () => {
  await withEngine(async (engine) => {
    const { cgroups } = engine.parts.facts;
    const files =
      cgroups === 'v2' ? 'memory.max pids.max' : 'memory/memory.limit_in_bytes pids/pids.max cpu/cpu.shares';
    const output = await outputOf(engine, `cd /sys/fs/cgroup; cat ${files}`, {
      resources: { limits: { memory: '64Mi', pids: '50' }, requests: { cpu: '250m' } },
    });
    const shares = cgroups === 'v2' ? [] : ['256'];
    assert.equal(output.trim().split('\n'), [String(64 << 20), '50', ...shares]);
  });
});

test('[spec.annotations] the runtime tells them of the container, as it was given them', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(
      'sleep 1000',
      { stopSignal: 'SIGINT' },
      { annotations: { 'example.org/team': 'web' } },
    );
    await engine.containers.create(request);
    const { runtime } = engine.parts.facts;
    const args = ['--root', engine.parts.paths.runtime, 'state', request.id];
    const { annotations } = JSON.parse(execFileSync(runtime.path, args, { encoding: 'utf8' })) as {
      annotations: Record<string, string>;
    };
    assert.is(annotations['example.org/team'], 'web');
    assert.is(annotations['io.container.manager'], 'tsctr');
    assert.is(annotations['org.opencontainers.image.stopSignal'], '2');
    assert.is(
      annotations['org.opencontainers.image.ref.name'] ?? annotations['io.podman.annotations.image'],
      undefined,
    );
  });
});

test('[spec.seccomp-notify] the listener of a profile gets the metadata, and decides on the calls', async () => {
  await withEngine(async (engine) => {
    const listenerPath = path.join(engine.directory, 'agent.sock');
    // Profiles come from there alone, as from the kubelet's directory.
    const profiles = '/etc/tsctr/seccomp';
    const made = mkdirSync(profiles, { recursive: true });
    const profile = `test-${String(process.pid)}.json`;
    const names = ['mkdir', 'mkdirat'];
    const listenerMetadata = 'for the agent';
    writeFileSync(
      path.join(profiles, profile),
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        listenerPath,
        listenerMetadata,
        syscalls: [{ names, action: 'SCMP_ACT_NOTIFY' }],
      }),
    );
    let received = '';
    // The descriptor that comes with it is not taken: the kernel then answers for the listener, with ENOSYS.
    const agent = net.createServer((peer) => peer.on('data', (data) => (received += data.toString('utf8'))));
    await once(agent.listen(listenerPath), 'listening');
    try {
      const output = await outputOf(engine, 'mkdir /tmp/new; ls /tmp; grep Seccomp: /proc/self/status', {
        securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: profile } },
      });
      assert.match(output, /mkdir: .*Function not implemented\nSeccomp:\t2/);
      const { fds, metadata, state } = JSON.parse(received) as {
        fds: string[];
        metadata: string;
        state: { status: string };
      };
      assert.equal([fds, metadata, state.status], [['seccompFd'], listenerMetadata, 'creating']);
    } finally {
      agent.close();
      rmSync(path.join(profiles, profile));
      if (made !== undefined) rmSync(made, { recursive: true });
    }
  });
});

test.run();
