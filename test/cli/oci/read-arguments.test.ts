import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkpointOptionsOf, isDetached, restoreOptionsOf } from '../../../cli/oci/oci-options.ts';
import { readArguments } from '../../../cli/oci/read-arguments.ts';
import { CLONE_NEWNET } from '../../../native/index.ts';

const words = (line: string): string[] => line.split(' ');

test('[criu.options] everything that checkpoint of runc and crun can be told is understood', () => {
  const given = readArguments(
    words(
      '--root /run/x --log=/l --log-format json --systemd-cgroup --debug --criu /c checkpoint --image-path i --work-path /w ' +
        '--leave-running --tcp-established --ext-unix-sk --shell-job --file-locks --pre-dump --parent-path ../p ' +
        '--manage-cgroups-mode ignore --lazy-pages --status-fd 7 --page-server [::1]:99 --empty-ns network --auto-dedup ' +
        '--network-lock nftables web',
    ),
  );
  assert.equal(Object.fromEntries(given.global), {
    root: '/run/x',
    log: '/l',
    'log-format': 'json',
    'systemd-cgroup': 'true',
    debug: 'true',
    criu: '/c',
  });
  assert.is(given.id, 'web');
  assert.equal(checkpointOptionsOf(given, '/cwd'), {
    imagesDirectory: '/cwd/i',
    workDirectory: '/w',
    leaveRunning: true,
    preDump: true,
    parentImages: '../p',
    pageServer: { address: '[::1]', port: 99 },
    statusFd: 7,
    networkLock: 'NFTABLES',
    allowances: {
      tcpEstablished: true,
      tcpClose: false,
      tcpSkipInFlight: false,
      externalUnixSockets: true,
      shellJob: true,
      fileLocks: true,
      debugLog: true,
    },
    variations: { cgroupsMode: 'IGNORE', emptyNamespaces: CLONE_NEWNET, autoDedup: true, lazyPages: true },
  });
});

test('[criu.options] [criu.lsm] everything that restore of runc and crun can be told is understood', () => {
  const given = readArguments(
    words(
      '-root /run/x restore -b /bundle -d --pid-file p --console-socket /s --image-path /i --no-pivot --no-subreaper ' +
        '--lsm-profile apparmor:other --lsm-mount-context ctx web',
    ),
  );
  assert.ok(isDetached(given));
  const { allowances, variations, ...rest } = restoreOptionsOf(given, '/cwd');
  assert.equal(rest, {
    bundle: '/bundle',
    imagesDirectory: '/i',
    workDirectory: '/i',
    pidFile: '/cwd/p',
    consoleSocket: '/s',
    lsmProfile: 'apparmor:other',
    lsmMountContext: 'ctx',
  });
  assert.is(allowances.tcpEstablished, false);
  assert.is(allowances.debugLog, false);
  assert.equal(variations, { cgroupsMode: 'SOFT', emptyNamespaces: 0, autoDedup: false, lazyPages: false });
  const plain = readArguments(['restore', 'web']);
  assert.not(isDetached(plain));
  assert.is(restoreOptionsOf(plain, '/cwd').bundle, '/cwd');
  assert.is(restoreOptionsOf(plain, '/cwd').imagesDirectory, '/cwd/checkpoint');
});

for (const [line, message] of [
  ['checkpoint', /expected the id of one container, found 0 words/],
  ['checkpoint a b', /found 2 words/],
  ['checkpoint ../a', /invalid id/],
  ['checkpoint ..', /invalid id/],
  ['checkpoint --what a', /unknown option --what/],
  ['checkpoint a --image-path', /found 2 words/],
  ['checkpoint --image-path', /expected a value/],
  ['checkpoint --parent-path /a b', /--parent-path: expected a path relative/],
  ['checkpoint --manage-cgroups-mode none b', /soft, full, strict, ignore, found none/],
  ['checkpoint --empty-ns ipc b', /--empty-ns: expected network, found ipc/],
  ['checkpoint --page-server 99 b', /ADDRESS:PORT/],
  ['checkpoint --status-fd -1 b', /--status-fd: expected a number/],
  ['checkpoint --network-lock none b', /iptables or nftables/],
  ['start b', /expected checkpoint or restore, found start/],
] as const) {
  test(`\`${line}\` is refused in plain words`, () => {
    assert.throws(() => checkpointOptionsOf(readArguments(words(line)), '/'), message);
  });
}

test.run();
