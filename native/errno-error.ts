/**
 * A failed system call. `code` is the symbolic errno (`ENOENT`), `errno` its number, `syscall` the name of the call as in
 * its man page, `path` what it was about, when the call names one. Code branches on `code`, never on the message.
 */
export class ErrnoError extends Error {
  override readonly name = 'ErrnoError';
  readonly syscall: string;
  readonly code: string;
  readonly errno: number;
  readonly path: string | undefined;

  constructor(syscall: string, code: string, errno: number, path?: string) {
    super(path === undefined ? `${syscall}: ${code}` : `${syscall} ${path}: ${code}`);
    this.syscall = syscall;
    this.code = code;
    this.errno = errno;
    this.path = path;
  }
}

/** True when `error` is a failed system call with one of the given codes: ours or one of Node's own. */
export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
  );
}
