import { rm } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, SIGKILL } from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import type { ContainerContext, EngineParts } from '../../container/container-context.ts';
import type { CriuProgram } from '../../criu/features.ts';
import { LAZY_PAGES_LOG, lazyPagesSocket, startLazyPages } from '../../criu/lazy-pages.ts';
import type { LazyPages } from '../../criu/lazy-pages.ts';
import { EngineError } from '../../engine-error.ts';
import type { ContainerPaths } from '../../host-paths.ts';
import { openByPidFile } from '../../process/pid-file.ts';
import type { ContainerRequest } from '../../../schemas/index.ts';
import { procsFiles } from './kill-leftovers.ts';
import type { GateFinding } from './restore-gate.ts';
import { readAtOnce } from '../../read-at-once.ts';

const UNPRIVILEGED_USERFAULTFD = '/proc/sys/vm/unprivileged_userfaultfd';
const END_TIMEOUT_MS = 10_000;

/** What is against memory that arrives after the restore, on this host and for this container. */
export async function lazyPagesFindings(
  criu: Pick<CriuProgram, 'path' | 'features'>,
  request: ContainerRequest,
  sysctl = UNPRIVILEGED_USERFAULTFD,
): Promise<GateFinding[]> {
  const finding = (message: string, fix: string): GateFinding[] => [
    { reason: 'lazy-pages', refuses: true, message, fix },
  ];
  if (!(await criu.features()).lazy_pages) {
    return finding(
      `memory cannot arrive later (lazyPages): ${criu.path} finds no userfaultfd here that tells of forks`,
      'run tsctr with CAP_SYS_PTRACE on a kernel with CONFIG_USERFAULTFD, or leave lazyPages out',
    );
  }
  const mode = request.spec.userns?.mode ?? 'host';
  if (mode === 'host' || (await readAtOnce(sysctl).catch(() => '0')).trim() === '1') return [];
  return finding(
    `memory cannot arrive later (lazyPages): the kernel lets no process of a user namespace wait for its pages (userns.mode is ${mode})`,
    'leave lazyPages out, or set the sysctl vm.unprivileged_userfaultfd to 1',
  );
}

/** Starts what hands the pages to the restored processes, one by one as they ask for them, and all others in between. */
export function startLazyMemory(
  { parts, request, paths }: ContainerContext,
  restore: {
    operation: string;
    criu: string;
    images: string;
    discardedDirectory: string | null;
    timeoutMs: number;
    signal: AbortSignal | undefined;
  },
): Promise<LazyPages> {
  const { operation, criu, images, discardedDirectory, timeoutMs, signal } = restore;
  const [procsFile] = procsFiles(parts, request);
  if (procsFile === undefined) throw new EngineError('HOST_UNSUITABLE', `${operation}: it has no cgroup`);
  return startLazyPages(parts.kernel, {
    operation,
    criu,
    imagesDirectory: images,
    workDirectory: paths.bundle,
    keptLogFile: path.join(paths.logs, LAZY_PAGES_LOG),
    pidFile: paths.lazyPagesPidFile,
    lostFile: paths.lostPages,
    procsFile,
    discardedDirectory,
    scope: parts.monitors,
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Whether pages of its restore are still to come. */
export async function isMemoryToCome(kernel: Kernel, paths: ContainerPaths): Promise<boolean> {
  const watcher = await openWatcher(kernel, paths);
  if (watcher === null) return false;
  kernel.close(watcher.pidfd);
  return true;
}

/** Waits until all of the memory has come: what has not cannot be told from what never was. Throws TIMED_OUT. */
export async function untilMemoryHasCome(
  kernel: Kernel,
  paths: ContainerPaths,
  {
    operation,
    timeoutMs,
    signal,
  }: { operation: string; timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const watcher = await openWatcher(kernel, paths);
  if (watcher === null) return;
  try {
    if (await kernel.pollReadable(watcher.pidfd, timeoutMs, signal === undefined ? {} : { signal })) return;
    throw new EngineError(
      'TIMED_OUT',
      `${operation}: after ${String(timeoutMs)} ms the memory of its last restore has not all come (lazyPages)`,
    );
  } finally {
    kernel.close(watcher.pidfd);
  }
}

/** Nothing waits for pages any more: its processes are gone. Tells when that is because some were lost. */
export async function endLazyMemory({
  parts,
  request,
  paths,
}: Pick<ContainerContext, 'parts' | 'request' | 'paths'>): Promise<void> {
  await endWatcher(parts, paths);
  const why = await readAtOnce(paths.lostPages).catch(() => null);
  if (why === null) return;
  await rm(paths.lostPages, { force: true });
  parts.notice?.(
    request.name,
    `its memory has not all come after the restore (lazyPages): ${why}; it was killed, for it would have gone on with empty pages`,
  );
}

async function endWatcher({ kernel }: Pick<EngineParts, 'kernel'>, paths: ContainerPaths): Promise<void> {
  const watcher = await openWatcher(kernel, paths);
  if (watcher === null) return;
  try {
    // It is the leader of a session, and CRIU is in it.
    kernel.kill(-watcher.pid, SIGKILL);
    await kernel.pollReadable(watcher.pidfd, END_TIMEOUT_MS);
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error;
  } finally {
    kernel.close(watcher.pidfd);
  }
  await rm(paths.lazyPagesPidFile, { force: true });
  await rm(lazyPagesSocket(paths.bundle), { force: true });
}

function openWatcher(kernel: Kernel, { lazyPagesPidFile }: ContainerPaths): ReturnType<typeof openByPidFile> {
  return openByPidFile(kernel, lazyPagesPidFile, `--pid-file=${lazyPagesPidFile}`);
}
