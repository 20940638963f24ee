import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dumpOptions } from '../../../engine/criu/dump.ts';
import type { DumpRequest } from '../../../engine/criu/dump.ts';
import { networkLock } from '../../../engine/criu/options.ts';
import { encodeRequest } from '../../../engine/criu/rpc-codec.ts';
import { restoreOptions } from '../../../engine/criu/restore.ts';
import type { CriuRestoreRequest } from '../../../engine/criu/restore.ts';
import { CLONE_NEWNET } from '../../../native/index.ts';

const DUMP: DumpRequest = {
  operation: 'checkpoint container/web',
  pid: 42,
  imagesDirectory: '/images',
  workDirectory: '/work',
  keptLogFile: '/kept',
  rootfs: '/rootfs',
  leaveRunning: true,
  externalMounts: [{ key: '/data', val: '/data' }],
  externalNamespaces: ['net[1]:extRootNetNS', 'pid[2]:extRootPidNS'],
  freezerDirectory: '/freezer',
  networkLock: 'NFTABLES',
  cgroupYard: '/yard',
  allowances: {},
  handlers: {},
  timeoutMs: 1,
};

const RESTORE: CriuRestoreRequest = {
  operation: 'restore container/web',
  imagesDirectory: '/images',
  workDirectory: '/work',
  keptLogFile: '/kept',
  root: '/root',
  externalMounts: [{ key: '/data', val: '/srv' }],
  inheritedFds: [{ key: 'extRootNetNS', fd: 4 }],
  joinedNamespaces: [{ ns: 'ipc', ns_file: '/ipc' }],
  cgroupRoots: [{ ctrl: 'cpu', path: '/a' }],
  cgroupYard: null,
  allowances: {},
  handlers: {},
  timeoutMs: 1,
};

test('[criu.options] a dump says everything that CRIU must know, and no more is allowed than was asked for', () => {
  assert.equal(dumpOptions(DUMP, 7, 8), {
    images_dir_fd: 7,
    work_dir_fd: 8,
    pid: 42,
    log_level: 3,
    log_file: 'dump.log',
    root: '/rootfs',
    leave_running: true,
    manage_cgroups: true,
    manage_cgroups_mode: 'SOFT',
    notify_scripts: true,
    orphan_pts_master: true,
    ext_mnt: [{ key: '/data', val: '/data' }],
    external: ['net[1]:extRootNetNS', 'pid[2]:extRootPidNS'],
    network_lock: 'NFTABLES',
    tcp_established: false,
    tcp_close: false,
    tcp_skip_in_flight: false,
    file_locks: false,
    ext_unix_sk: false,
    shell_job: false,
    link_remap: true,
    ghost_limit: 64 << 20,
    cgroup_yard: '/yard',
    freeze_cgroup: '/freezer',
  });
});

test('[criu.options] [criu.page-server] [criu.lazy] [criu.config-file] what is asked for besides', () => {
  const options = dumpOptions(
    {
      ...DUMP,
      freezerDirectory: null,
      allowances: {
        tcpEstablished: true,
        tcpSkipInFlight: true,
        fileLocks: true,
        externalUnixSockets: true,
        shellJob: true,
        linkRemap: false,
        ghostLimitBytes: 5,
        debugLog: true,
        configFile: '/etc/criu/own.conf',
      },
      variations: { cgroupsMode: 'STRICT', emptyNamespaces: CLONE_NEWNET, autoDedup: true, lazyPages: true },
      parentImages: '../before',
      pageServer: { address: '192.0.2.1', port: 99 },
    },
    7,
    8,
  );
  const expected = {
    tcp_established: true,
    tcp_skip_in_flight: true,
    file_locks: true,
    ext_unix_sk: true,
    shell_job: true,
    link_remap: false,
    ghost_limit: 5,
    log_level: 4,
    config_file: '/etc/criu/own.conf',
    manage_cgroups: true,
    manage_cgroups_mode: 'STRICT',
    empty_ns: CLONE_NEWNET,
    auto_dedup: true,
    lazy_pages: true,
    parent_img: '../before',
    track_mem: true,
    ps: { address: '192.0.2.1', port: 99 },
  };
  assert.equal({ ...options, ...expected }, options);
  assert.not('freeze_cgroup' in options);
  encodeRequest({ type: 'DUMP', opts: options });
});

test('[criu.options] [criu.lsm] a restore says what replaces what was there', () => {
  const options = restoreOptions(
    {
      ...RESTORE,
      lsmProfile: 'apparmor:other',
      lsmMountContext: 'system_u:object_r:other_t:s0',
      variations: { cgroupsMode: 'IGNORE', lazyPages: true },
    },
    7,
    8,
  );
  assert.equal(options, {
    images_dir_fd: 7,
    work_dir_fd: 8,
    evasive_devices: true,
    log_level: 4,
    log_file: 'restore.log',
    rst_sibling: true,
    root: '/root',
    manage_cgroups: false,
    manage_cgroups_mode: 'IGNORE',
    lazy_pages: true,
    notify_scripts: true,
    orphan_pts_master: true,
    ext_mnt: [{ key: '/data', val: '/srv' }],
    inherit_fd: [{ key: 'extRootNetNS', fd: 4 }],
    join_ns: [{ ns: 'ipc', ns_file: '/ipc' }],
    cg_root: [{ ctrl: 'cpu', path: '/a' }],
    skip_file_rwx_check: true,
    tcp_established: false,
    tcp_close: false,
    tcp_skip_in_flight: false,
    file_locks: false,
    ext_unix_sk: false,
    shell_job: false,
    link_remap: true,
    ghost_limit: 64 << 20,
    lsm_profile: 'apparmor:other',
    lsm_mount_context: 'system_u:object_r:other_t:s0',
  });
  encodeRequest({ type: 'RESTORE', opts: options });
  const plain = restoreOptions(RESTORE, 7, 8);
  assert.not('lsm_profile' in plain || 'lazy_pages' in plain || 'config_file' in plain);
});

test('[criu.options] the network is locked only while connections are kept, by what the host has', () => {
  assert.is(networkLock({}, { nft: null, iptablesRestore: '/sbin/iptables-restore' }), 'SKIP');
  assert.is(networkLock({ tcpClose: true }, { nft: null, iptablesRestore: null }), 'SKIP');
  const iptablesRestore = '/sbin/iptables-restore';
  assert.is(networkLock({ tcpEstablished: true }, { nft: null, iptablesRestore }), 'IPTABLES');
  assert.is(networkLock({ tcpEstablished: true }, { nft: '/sbin/nft', iptablesRestore }), 'NFTABLES');
  assert.is(networkLock({ tcpEstablished: true }, { nft: null, iptablesRestore: null }), 'NFTABLES');
});

test.run();
