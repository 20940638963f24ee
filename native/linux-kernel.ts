import { constants } from 'node:os';
import { errnoName } from './errno-names.ts';
import { ErrnoError } from './errno-error.ts';
import type { Kernel } from './kernel.ts';
import { loadAddon } from './load-addon.ts';
import type { NativeAddon } from './load-addon.ts';
import { createReadiness } from './readiness.ts';
import type { Readiness } from './readiness.ts';

let kernel: Kernel | undefined;

/** The kernel of this host. The addon is loaded by the first call and shared by all. */
export function createLinuxKernel(): Kernel {
  kernel ??= overAddon(loadAddon());
  return kernel;
}

function overAddon(addon: NativeAddon): Kernel {
  addon.setErrorFactory((syscall, errno, path) => new ErrnoError(syscall, errnoName(errno), errno, path));
  const readiness = createReadiness(addon);
  return {
    ...mountCalls(addon),
    ...processCalls(addon, readiness),
    ...socketCalls(addon, readiness),
    ...fileCalls(addon, readiness),
  };
}

type MountCalls = Pick<
  Kernel,
  | 'fsopen'
  | 'fsconfig'
  | 'fsmount'
  | 'openTree'
  | 'moveMount'
  | 'mountSetattr'
  | 'mount'
  | 'umount2'
  | 'pinNamespaces'
>;

function mountCalls(addon: NativeAddon): MountCalls {
  return {
    fsopen: addon.fsopen,
    fsconfig: addon.fsconfig,
    fsmount: addon.fsmount,
    openTree: addon.openTree,
    moveMount: addon.moveMount,
    mountSetattr(dirfd, path, flags, attributes) {
      const { set = 0, clear = 0, propagation = 0, userNamespaceFd = 0 } = attributes;
      addon.mountSetattr(dirfd, path, flags, set, clear, propagation, userNamespaceFd);
    },
    mount: addon.mount,
    umount2: addon.umount2,
    async pinNamespaces({ user, sysctls = {}, ...names }) {
      const flat = { ...names, user: user?.path, uidMap: user?.uidMap, gidMap: user?.gidMap };
      await addon.pinNamespaces(flat, Object.entries(sysctls).flat());
    },
  };
}

type ProcessCalls = Pick<
  Kernel,
  'spawn' | 'waitChild' | 'pidfdOpen' | 'pidfdSendSignal' | 'pollReadable' | 'kill' | 'setChildSubreaper'
>;

function processCalls(addon: NativeAddon, readiness: Readiness): ProcessCalls {
  return {
    spawn({ file, args, env, cwd = null, fds, ...more }) {
      const { newSession = false, newProcessGroup = false, parentDeathSignal = 0 } = more;
      const group = newProcessGroup;
      const [pid, pidfd] = addon.spawn(file, args, env, cwd, fds, newSession, group, parentDeathSignal);
      return { pid, pidfd };
    },
    async waitChild(pidfd) {
      for (;;) {
        const exit = addon.waitidNow(pidfd);
        if (exit !== null) return exit;
        await readiness.wait(pidfd, -1);
      }
    },
    pidfdOpen: addon.pidfdOpen,
    pidfdSendSignal: addon.pidfdSendSignal,
    pollReadable: (fd, timeoutMs, options) => readiness.wait(fd, timeoutMs, options?.signal),
    kill: addon.kill,
    setChildSubreaper: addon.setChildSubreaper,
  };
}

type SocketCalls = Pick<Kernel, 'socketpair' | 'connectUnix' | 'sendmsg' | 'recvmsg'>;

function socketCalls(addon: NativeAddon, readiness: Readiness): SocketCalls {
  return {
    socketpair: addon.socketpair,
    connectUnix: addon.connectUnix,
    sendmsg: addon.sendmsg,
    async recvmsg(fd, maxBytes, timeoutMs) {
      const buffer = Buffer.allocUnsafeSlow(maxBytes);
      const deadlineMs = performance.now() + timeoutMs;
      for (;;) {
        const received = addon.recvmsgNow(fd, buffer);
        if (received !== null) {
          const [bytes, ...fds] = received;
          return { data: buffer.subarray(0, bytes), fds };
        }
        const leftMs = timeoutMs < 0 ? -1 : Math.max(0, Math.ceil(deadlineMs - performance.now()));
        if (!(await readiness.wait(fd, leftMs))) {
          throw new ErrnoError('recvmsg', 'ETIMEDOUT', constants.errno.ETIMEDOUT);
        }
      }
    },
  };
}

type FileCalls = Omit<Kernel, keyof MountCalls | keyof ProcessCalls | keyof SocketCalls>;

function fileCalls(addon: NativeAddon, readiness: Readiness): FileCalls {
  return {
    openat2(dirfd, path, { flags, mode = 0, resolve = 0 }) {
      return addon.openat2(dirfd, path, flags, mode, resolve);
    },
    close(fd) {
      readiness.closed(fd);
      addon.close(fd);
    },
    pipe2: addon.pipe2,
    eventfd: addon.eventfd,
    setPipeSize: addon.setPipeSize,
    mkdirat: addon.mkdirat,
    mknodat(dirfd, path, mode, { major, minor }) {
      addon.mknodat(dirfd, path, mode, major, minor);
    },
    symlinkat: addon.symlinkat,
    linkat: addon.linkat,
    unlinkat: addon.unlinkat,
    renameat2: addon.renameat2,
    readlinkat: addon.readlinkat,
    fstatat: addon.fstatat,
    fchownat: addon.fchownat,
    fchmodat: addon.fchmodat,
    utimensat: addon.utimensat,
    lsetxattr: addon.lsetxattr,
    lgetxattr: addon.lgetxattr,
    llistxattr: addon.llistxattr,
    readDirectory: addon.readDirectory,
    flock: addon.flock,
    syncfs: addon.syncfs,
    syncFileRange: addon.syncFileRange,
    replaceFile: addon.replaceFile,
    removeFile: addon.removeFile,
    statfs: addon.statfs,
    removeTree: addon.removeTree,
  };
}
