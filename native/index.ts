/**
 * The kernel: what tsctr asks of Linux beyond Node's own API, one method for one man page. The C++ below src/ makes the
 * call and nothing else. No policy, no state, no process is started to do what a system call does, and nothing of the
 * other folders is known here. Beside the kernel there is libzstd, by the same addon (zstd.ts).
 */
export * from './constants.ts';
export { ErrnoError, hasErrno } from './errno-error.ts';
export { errnoName } from './errno-names.ts';
export { createFakeKernel } from './fake-kernel.ts';
export type { FakeKernel, KernelCall } from './fake-kernel.ts';
export type {
  ChildExit,
  FileStatus,
  Kernel,
  MountAttributes,
  OpenHow,
  PinNamespacesRequest,
  SpawnedProcess,
  SpawnRequest,
} from './kernel.ts';
export { createLinuxKernel } from './linux-kernel.ts';
export { nativeProgram } from './native-program.ts';
export { packageRoot } from './package-root.ts';
export { compressZstd, decompressZstd, measureZstd, openZstdDecoder, ZstdError } from './zstd.ts';
export type { ZstdDecoder } from './zstd.ts';
