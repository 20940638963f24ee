import { release } from 'node:os';
import { isAtLeast, ok, warn } from './check.ts';
import type { Check } from './check.ts';
import { findProgram, runProgram, versionOf } from './program.ts';

/** Where the set-up lays a CRIU of our own when the distribution's is too old for the kernel. */
const OWN_CRIU = '/opt/tsctr/criu/bin/criu';
const OLDEST_CRIU = '4.0';
/** CRIU 3 mistakes the vDSO of newer kernels ("vDSO area bounds"). */
const KERNEL_TOO_NEW_FOR_3 = '6.13';
/** From here on SO_PASSCRED is for unix sockets only, and a CRIU before 4.2 asks every socket for it. */
const KERNEL_WITH_PASSCRED_FOR_UNIX = '6.16';
const OLDEST_CRIU_FOR_SOCKETS = '4.2';
const INSTALL = 'npm run setup brings one that fits, without touching the system';

/** Whether memory can be checkpointed and restored here. Without CRIU all else works. */
export async function checkCriu(): Promise<Check[]> {
  const path = await findProgram('criu', [OWN_CRIU]);
  if (path === null) return [warn('criu', 'missing', `nothing can be checkpointed; ${INSTALL}`)];
  const version = await versionOf(path);
  const found = `${version ?? 'version unknown'} at ${path}`;
  if (version !== null && !isAtLeast(version, OLDEST_CRIU)) {
    const why = isAtLeast(release(), KERNEL_TOO_NEW_FOR_3)
      ? `it does not run on ${release()}`
      : 'it is too old';
    return [warn('criu', found, `${why}; ${INSTALL}`)];
  }
  if (process.getuid?.() !== 0)
    return [warn('criu', `${found}; not tried`, 'run tsctr doctor as root to try it')];
  const check = await runProgram(path, ['check']);
  if (check.code !== 0) {
    const line =
      check.output.split('\n').find((one) => one.includes('Error')) ?? check.output.split('\n').at(-1) ?? '';
    return [warn('criu', `${found}; criu check: ${line.trim()}`, 'see all of it with: criu check --all')];
  }
  return [checkSockets(version, found), await checkDirtyTracking(path), await checkLazyPages(path)];
}

/** CRIU's own check does not try a socket. */
function checkSockets(version: string | null, found: string): Check {
  const fits =
    version === null ||
    isAtLeast(version, OLDEST_CRIU_FOR_SOCKETS) ||
    !isAtLeast(release(), KERNEL_WITH_PASSCRED_FOR_UNIX);
  if (fits) return ok('criu', `${found}, works on this kernel`);
  return warn(
    'criu',
    `${found}; on ${release()} it cannot save processes with internet sockets`,
    `CRIU ${OLDEST_CRIU_FOR_SOCKETS} or newer can; ${INSTALL}`,
  );
}

async function checkDirtyTracking(path: string): Promise<Check> {
  const { code } = await runProgram(path, ['check', '--feature', 'mem_dirty_track']);
  if (code === 0) return ok('memory tracking', 'incremental checkpoints work');
  return warn(
    'memory tracking',
    'this kernel does not track written memory',
    'checkpoint.options.preDumps is refused here; boot a kernel with CONFIG_MEM_SOFT_DIRTY',
  );
}

async function checkLazyPages(path: string): Promise<Check> {
  const { code } = await runProgram(path, ['check', '--feature', 'uffd-noncoop']);
  if (code === 0) return ok('lazy pages', 'a restored container can run before its memory is there');
  return warn(
    'lazy pages',
    'this kernel has no userfaultfd that tells of forks',
    'leave restore.lazyPages out; or boot a kernel with CONFIG_USERFAULTFD, with CAP_SYS_PTRACE',
  );
}
