import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { classifyFailure } from '../../../engine/criu/classify-failure.ts';
import type { CriuCause } from '../../../engine/criu/failure-rules.ts';
import { logExcerpt } from '../../../engine/criu/log-excerpt.ts';

interface Sample {
  cause: CriuCause;
  log: string;
  /** What the explanation must name. */
  names?: string;
}

/** Written by CRIU 4.1.1 on Linux 6.18, the first error to the last. */
const SEEN: readonly Sample[] = [
  {
    cause: 'io-uring',
    log: `(00.104309) ----------------------------------------
(00.104314) Sent msg to daemon 71 0 0
pie: 7342: __fetched msg: 71 0 0
pie: 7342: Error (criu/pie/parasite.c:588): send_fds failed (-22)
pie: 7342: __sent ack msg: 71 71 -22
(00.104337) Error (criu/parasite-syscall.c:280): Can't retrieve FDs from socket
(00.104340) Error (compel/src/lib/infect-rpc.c:44): Message reply from daemon is trimmed (12/0)
(00.104348) Error (criu/cr-dump.c:1681): Dump files (pid: 7342) failed with -1`,
  },
  {
    cause: 'unix-socket-outside',
    log: `(00.104062) Error (criu/sk-unix.c:874): unix: External socket is used. Consider using --ext-unix-sk option.
(00.104129) Error (criu/cr-dump.c:2111): Dumping FAILED.`,
  },
  {
    cause: 'criu-too-old',
    log: `(00.068312) sockets: Searching for socket 0xfe5ef family 2
(00.068317) Error (criu/sockets.c:628): sockets: Can't get 1:16 opt: Operation not supported
(00.068319) Error (criu/sockets.c:628): sockets: Can't get 1:34 opt: Operation not supported
(00.068332) Error (criu/cr-dump.c:1681): Dump files (pid: 11630) failed with -1`,
    names: 'internet sockets',
  },
  {
    cause: 'security-module',
    log: `(00.006087) Error (criu/lsm.c:406): apparmor LSM specified but apparmor not supported by kernel`,
    names: 'AppArmor',
  },
  {
    cause: 'file-locks',
    log: `(00.154363) Error (criu/file-lock.c:110): Some file locks are hold by dumping tasks! You can try --file-locks to dump them.
(00.154437) Error (criu/cr-dump.c:2111): Dumping FAILED.`,
  },
  {
    cause: 'deleted-file-too-large',
    log: `(00.059146) Error (criu/files-reg.c:1031): Can't dump ghost file /var/tmp/ghost of 3145728 size, increase limit
(00.059163) Error (criu/cr-dump.c:1681): Dump files (pid: 7827) failed with -1`,
    names: '/var/tmp/ghost',
  },
  {
    cause: 'deleted-file-linked',
    log: `(00.042660) Error (criu/files-reg.c:1122): Can't create link remap for /data/lnk. Use link-remap option.
(00.042675) Error (criu/cr-dump.c:1681): Dump files (pid: 7919) failed with -1`,
    names: '/data/lnk',
  },
  {
    cause: 'inotify',
    log: `(00.083333) Warn  (criu/fsnotify.c:281): fsnotify: 	Handle 0x15:0xfefbd cannot be opened
(00.108504) Warn  (criu/irmap.c:105): irmap: Can't stat /no-such-path: No such file or directory
(00.108507) Error (criu/fsnotify.c:284): fsnotify: 	Can't dump that handle
(00.108531) Error (criu/cr-dump.c:1681): Dump files (pid: 8008) failed with -1`,
  },
  {
    cause: 'terminal',
    log: `(00.100395) Error (criu/tty.c:410): tty: Found slave peer index 0 without correspond master peer
(00.100476) Error (criu/cr-dump.c:2111): Dumping FAILED.`,
  },
  {
    cause: 'terminal',
    log: `(00.069883) Error (criu/pstree.c:300): The root process 7488 is not a session leader. Consider using --shell-job option`,
  },
  {
    cause: 'mount-not-external',
    log: `(00.033678) Error (criu/mount.c:753): mnt: 70:./srv/inner doesn't have a proper root mount
(00.033699) Error (criu/cr-dump.c:2111): Dumping FAILED.`,
    names: '/srv/inner',
  },
  {
    cause: 'network-lock',
    log: `(00.071000) Running network-lock scripts
Error (criu/util.c:641): execvp("iptables-restore", ...) failed: No such file or directory
(00.071660) Error (criu/util.c:656): exited, status=1
Error (criu/util.c:641): execvp("ip6tables-restore", ...) failed: No such file or directory`,
  },
  {
    cause: 'pid-in-use',
    log: `(00.080384) Error (criu/cr-restore.c:1230): Can't fork for 11692: File exists
(00.080402) Error (criu/cr-restore.c:2320): Restoring FAILED.`,
    names: '11692',
  },
  {
    cause: 'file-changed',
    log: `(00.193316)  11692: Error (criu/files-reg.c:2175): File var/lib/app/lockfile has bad size 5 (expect 0)
(00.193318)  11692: Error (criu/files.c:1221): Unable to open fd=3 id=0x13
(00.193382) Error (criu/cr-restore.c:2320): Restoring FAILED.`,
    names: '/var/lib/app/lockfile has 5 bytes now, and had 0',
  },
];

/** As people have reported them: other versions of CRIU, other kernels, hardware that is not here. */
const REPORTED: readonly Sample[] = [
  {
    cause: 'io-uring',
    log: `(00.012) Dumping path for 10 fd via self 21 [anon_inode:[io_uring]]
(00.012) Error (criu/files-ext.c:98): Can't dump file 10 of that type [600] (unk anon_inode:[io_uring])`,
  },
  {
    cause: 'unix-socket-outside',
    log: `(00.2) Error (criu/sk-unix.c:881): unix: Can't dump half of stream unix connection. name: (null); peer name: (null)`,
  },
  {
    cause: 'tcp-established',
    log: `(00.1) Error (criu/sk-inet.c:200): inet: Connected TCP socket, consider using --tcp-established option.`,
  },
  {
    cause: 'tcp-in-flight',
    log: `(00.188317) Error (criu/sk-inet.c:185): inet: In-flight connection (l) for 35b2b
(00.188319) Error (criu/sk-inet.c:186): inet: In-flight connections can be ignored with the --skip-in-flight option.`,
  },
  { cause: 'tcp-established', log: `(00.1) Error (criu/sk-inet.c:912): inet: Connected TCP socket in image` },
  {
    cause: 'criu-too-old',
    log: `(00.05) Error (criu/vdso.c:401): vdso: Unexpected rt vDSO area bounds
(00.05) Error (criu/vdso.c:634): vdso: Failed to fill self vdso symtable
(00.05) Error (criu/kerndat.c:1152): kerndat_vdso_fill_symtable failed when initializing kerndat.`,
  },
  {
    cause: 'gpu',
    log: `Error (criu/proc_parse.c:118): handle_device_vma plugin failed: No such file or directory
Error (criu/proc_parse.c:672): Can't handle non-regular mapping on 2919696's map 7fc08d672000
Error (criu/cr-dump.c:1589): Collect mappings (pid: 2919696) failed with -1`,
  },
  {
    cause: 'gpu',
    log: `Error (criu/files-ext.c:94): Can't dump file 17 of that type [20666] (chr 195:255)
Error (criu/cr-dump.c:1674): Dump files (pid: 406) failed with -1`,
  },
  {
    cause: 'cpu-features',
    log: `Error (criu/arch/x86/cpu.c:247): cpu: FPU feature required by image is not supported on host (feature 5)`,
  },
  { cause: 'cpu-features', log: `(00.01) Error (criu/cr-restore.c:1003): Core march mismatch 2` },
  {
    cause: 'file-missing',
    log: `(00.3)      1: Error (criu/files-reg.c:2353): Can't open file data/journal on restore: No such file or directory`,
    names: '/data/journal',
  },
  {
    cause: 'mount-missing',
    log: `(00.03)      1: Error (criu/mount.c:3141): mnt: No mapping for 1446:./data mountpoint`,
    names: '/data',
  },
  {
    cause: 'mount-not-external',
    log: `Error (criu/mount.c:1092): mnt: Mount 7894 ./proc/driver/x (master_id: 26 shared_id: 0) has unreachable sharing. Try --enable-external-masters.`,
    names: '/proc/driver/x',
  },
  {
    cause: 'descriptor-outside',
    log: `(00.1) Error (criu/files-reg.c:1790): Can't lookup mount=57 for fd=1 path=/var/log/job.log`,
    names: '/var/log/job.log as descriptor 1',
  },
  {
    cause: 'freeze-timeout',
    log: `(10.0) Error (criu/seize.c:635): Unable to freeze cgroup /sys/fs/cgroup/x (100 x 100ms attempts, timeout: 10s)`,
  },
  {
    cause: 'pid-in-use',
    log: `(00.1) pie: 33931: Error (criu/pie/restorer.c:586): Thread pid mismatch 33931/33930`,
  },
  {
    cause: 'rights',
    log: `(00.2) pie: 1: Error (criu/pie/restorer.c:273): Unable to restore capabilities: -1`,
  },
];

for (const { cause, log, names } of [...SEEN, ...REPORTED]) {
  const first = log.split('\n').find((line) => line.includes('Error')) ?? log;
  test(`${cause}: ${first.slice(0, 80)}`, () => {
    const harmless = `(00.05) Error (criu/util.c:1533): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted\n`;
    const found = classifyFailure({ log: harmless + log });
    assert.is(found.cause, cause);
    assert.ok(found.advice !== '');
    assert.ok(log.includes(found.line ?? 'no line'), found.line ?? '');
    if (names !== undefined) assert.match(found.explanation, names);
    // Of an error only the excerpt is kept: it must say as much.
    assert.is(classifyFailure({ log: logExcerpt(harmless + log) }).cause, cause);
  });
}

test('what is safe to try anew is told with the values that it needs, and nothing else is', () => {
  const retryOf = (cause: CriuCause) =>
    classifyFailure({ log: SEEN.find((sample) => sample.cause === cause)?.log ?? '' }).retry;
  assert.equal(retryOf('file-locks'), { allowances: { fileLocks: true } });
  assert.is(retryOf('deleted-file-linked'), null, 'it is allowed unless the manifest forbids it');
  assert.equal(retryOf('network-lock'), { networkLock: 'NFTABLES' });
  assert.equal(retryOf('deleted-file-too-large'), { allowances: { ghostLimitBytes: 4 << 20 } });
  for (const cause of ['io-uring', 'unix-socket-outside', 'inotify', 'terminal', 'pid-in-use'] as const) {
    assert.is(retryOf(cause), null, cause);
  }
});

test('a limit for a deleted file is larger than the file, whatever its size', () => {
  for (const bytes of [1, 4095, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5e9]) {
    const log = `Error (criu/files-reg.c:1031): Can't dump ghost file /x of ${String(bytes)} size, increase limit`;
    const limit = classifyFailure({ log }).retry?.allowances?.ghostLimitBytes ?? 0;
    assert.ok(limit > bytes && limit <= 4 * Math.max(bytes, 1 << 20), `${String(bytes)}: ${String(limit)}`);
  }
});

test('without a telling line the errno counts, and then nothing', () => {
  assert.is(classifyFailure({ errno: 17, log: '' }).cause, 'pid-in-use');
  assert.is(classifyFailure({ errno: 28, log: 'nothing of note' }).cause, 'no-space');
  const unknown = classifyFailure({ errno: 0, log: '(00.1) Error (criu/new.c:1): something new' });
  assert.equal([unknown.cause, unknown.line], ['unknown', '(00.1) Error (criu/new.c:1): something new']);
  assert.match(classifyFailure({ log: '' }).explanation, 'logged no error');
});

test('progress that mentions the same words is no error', () => {
  const log =
    '(00.1) Dumping path for 3 fd [/srv/io_uring-notes.txt]\n(00.2) No space left on device is what the file says';
  assert.is(classifyFailure({ log }).cause, 'unknown');
});

test.run();
