import load from 'node-gyp-build';
import type { Kernel } from './kernel.ts';
import { packageRoot } from './package-root.ts';

/** The calls that take and give the same as the kernel's own methods. */
type SameAsKernel = Pick<
  Kernel,
  | 'fsopen'
  | 'fsconfig'
  | 'fsmount'
  | 'openTree'
  | 'moveMount'
  | 'mount'
  | 'umount2'
  | 'pidfdOpen'
  | 'pidfdSendSignal'
  | 'kill'
  | 'setChildSubreaper'
  | 'socketpair'
  | 'connectUnix'
  | 'sendmsg'
  | 'close'
  | 'pipe2'
  | 'eventfd'
  | 'setPipeSize'
  | 'mkdirat'
  | 'symlinkat'
  | 'linkat'
  | 'unlinkat'
  | 'renameat2'
  | 'readlinkat'
  | 'fstatat'
  | 'fchownat'
  | 'fchmodat'
  | 'utimensat'
  | 'lsetxattr'
  | 'lgetxattr'
  | 'llistxattr'
  | 'readDirectory'
  | 'flock'
  | 'syncfs'
  | 'syncFileRange'
  | 'replaceFile'
  | 'removeFile'
  | 'statfs'
  | 'removeTree'
>;

/** What native/src exports. Objects are flat and promises few, so that the C++ stays thin. */
export interface NativeAddon extends SameAsKernel {
  /** Names the function that makes the error that every failing call throws. */
  setErrorFactory(make: (syscall: string, errno: number, path: string | undefined) => Error): void;
  mountSetattr(
    dirfd: number,
    path: string,
    flags: number,
    set: number,
    clear: number,
    propagation: number,
    userNamespaceFd: number,
  ): void;
  /** `sysctls` is name, value, name, value and so on. */
  pinNamespaces(request: FlatPinRequest, sysctls: readonly string[]): Promise<void>;
  spawn(
    file: string,
    args: readonly string[],
    env: readonly string[],
    cwd: string | null,
    fds: readonly (number | null)[],
    newSession: boolean,
    newProcessGroup: boolean,
    parentDeathSignal: number,
  ): [pid: number, pidfd: number];
  /** waitid(2) with WNOHANG: null while the child runs. */
  waitidNow(pidfd: number): { code: number | null; signal: number | null } | null;
  openat2(dirfd: number, path: string, flags: number, mode: number, resolve: number): number;
  mknodat(dirfd: number, path: string, mode: number, major: number, minor: number): void;
  /** recvmsg(2) with MSG_DONTWAIT: the number of bytes, then the descriptors; null when nothing is there. */
  recvmsgNow(fd: number, buffer: Uint8Array): [bytes: number, ...fds: number[]] | null;
  /** poll(2) that does not wait. */
  isReadable(fd: number): boolean;
  /** Starts the one watching thread; to be called once. */
  startWatcher(onEvent: (id: number, readable: boolean) => void): void;
  /** Watches `fd`; its one event comes later, never from within this call. Keeps the process alive until then. */
  watch(fd: number, timeoutMs: number): number;
  unwatch(id: number): void;
  zstdCompress(pieces: readonly Uint8Array[], level: number): Promise<Buffer>;
  zstdMeasure(bytes: Uint8Array, maxContentBytes: number): [compressedBytes: number, contentBytes: number];
  /** Fills `output`. */
  zstdDecompress(frames: Uint8Array, output: Uint8Array): Promise<void>;
  zstdOpenDecoder(): ZstdDecoderHandle;
  zstdCloseDecoder(decoder: ZstdDecoderHandle): void;
  zstdDecodeStep(
    decoder: ZstdDecoderHandle,
    input: Uint8Array,
    output: Uint8Array,
  ): Promise<[bytesRead: number, bytesWritten: number, isWithinFrame: 0 | 1]>;
}

/** What only the addon can look into. */
export type ZstdDecoderHandle = object & { readonly decoder: unique symbol };

interface FlatPinRequest {
  net?: string | undefined;
  ipc?: string | undefined;
  uts?: string | undefined;
  user?: string | undefined;
  uidMap?: string | undefined;
  gidMap?: string | undefined;
  hostname?: string | undefined;
}

/** Loads the compiled addon. Throws an error that says what to do when it has not been built. */
export function loadAddon(): NativeAddon {
  const root = packageRoot();
  try {
    return load(root) as NativeAddon;
  } catch (cause) {
    throw new Error(
      `load native addon of ${root}: not built for this machine; run \`npm run build\` in that directory`,
      { cause },
    );
  }
}
