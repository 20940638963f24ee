import type { FileStatus, Kernel } from './kernel.ts';

/** One recorded call. */
export type KernelCall = {
  [Method in keyof Kernel]: { method: Method; args: Parameters<Kernel[Method]> };
}[keyof Kernel];

/** A kernel that does nothing and remembers what it was asked. */
export interface FakeKernel extends Kernel {
  /** Every call so far, oldest first. */
  readonly calls: readonly KernelCall[];
  /** The arguments of the calls of one method, oldest first. */
  callsOf<Method extends keyof Kernel>(method: Method): Parameters<Kernel[Method]>[];
  /** From now on `method` behaves so; the calls are still recorded. */
  behave<Method extends keyof Kernel>(method: Method, behaviour: Kernel[Method]): void;
}

/** Where made-up descriptors and pids begin: far from real ones, so that one that slips into a real call fails. */
const FIRST_FAKE_NUMBER = 1_000_000;

/** For unit tests. Unless overridden every call succeeds; descriptors and pids are made up and rise from 1,000,000. */
export function createFakeKernel(overrides: Partial<Kernel> = {}): FakeKernel {
  const calls: KernelCall[] = [];
  const behaviours: Kernel = { ...harmless(), ...overrides };

  function recorded<Method extends keyof Kernel>(method: Method): Kernel[Method] {
    const record = (...args: unknown[]): unknown => {
      calls.push({ method, args } as KernelCall);
      const behaviour = behaviours[method] as (...args: unknown[]) => unknown;
      return behaviour(...args);
    };
    return record as Kernel[Method];
  }

  const methods = Object.keys(behaviours) as (keyof Kernel)[];
  const kernel = Object.fromEntries(methods.map((name) => [name, recorded(name)])) as unknown;
  return {
    ...(kernel as Kernel),
    calls,
    callsOf<Method extends keyof Kernel>(method: Method) {
      return calls
        .filter((call) => call.method === method)
        .map((call) => call.args as Parameters<Kernel[Method]>);
    },
    behave(method, behaviour) {
      behaviours[method] = behaviour;
    },
  };
}

const EMPTY_STATUS: Readonly<FileStatus> = {
  dev: 0,
  ino: 0,
  mode: 0,
  nlink: 1,
  uid: 0,
  gid: 0,
  rdevMajor: 0,
  rdevMinor: 0,
  size: 0,
  atimeNs: 0n,
  mtimeNs: 0n,
  ctimeNs: 0n,
};

function harmless(): Kernel {
  let last = FIRST_FAKE_NUMBER - 1;
  const next = (): number => ++last;
  const nothing = (): void => undefined;
  return {
    fsopen: next,
    fsconfig: nothing,
    fsmount: next,
    openTree: next,
    moveMount: nothing,
    mountSetattr: nothing,
    mount: nothing,
    umount2: nothing,
    pinNamespaces: () => Promise.resolve(),
    spawn: () => ({ pid: next(), pidfd: next() }),
    waitChild: () => Promise.resolve({ code: 0, signal: null }),
    pidfdOpen: next,
    pidfdSendSignal: nothing,
    pollReadable: () => Promise.resolve(true),
    kill: nothing,
    setChildSubreaper: nothing,
    socketpair: () => [next(), next()],
    connectUnix: next,
    sendmsg: (_fd, data) => data.byteLength,
    recvmsg: () => Promise.resolve({ data: Buffer.alloc(0), fds: [] }),
    openat2: next,
    close: nothing,
    pipe2: () => [next(), next()],
    eventfd: next,
    setPipeSize: nothing,
    mkdirat: nothing,
    mknodat: nothing,
    symlinkat: nothing,
    linkat: nothing,
    unlinkat: nothing,
    renameat2: nothing,
    readlinkat: () => '',
    fstatat: () => ({ ...EMPTY_STATUS }),
    fchownat: nothing,
    fchmodat: nothing,
    utimensat: nothing,
    lsetxattr: nothing,
    lgetxattr: () => Buffer.alloc(0),
    llistxattr: () => [],
    readDirectory: () => [],
    flock: nothing,
    syncfs: () => Promise.resolve(),
    syncFileRange: () => Promise.resolve(),
    replaceFile: () => Promise.resolve(),
    removeFile: () => Promise.resolve(),
    statfs: () => ({ type: 0, freeBytes: 0n, totalBytes: 0n }),
    removeTree: () => Promise.resolve(),
  };
}
