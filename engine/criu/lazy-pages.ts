import { writeSync } from 'node:fs';
import path from 'node:path';
import { hasErrno, nativeProgram } from '../../native/index.ts';
import type { Kernel, SpawnedProcess } from '../../native/index.ts';
import type { MonitorScope } from '../cgroup/monitor-scope.ts';
import { ownEnvironment } from '../process/run-command.ts';
import { EngineError } from '../engine-error.ts';
import { admitMonitor } from '../runtime/monitor-gate.ts';
import { CriuError } from './criu-error.ts';
import { withLog } from './read-log.ts';

/** `criu lazy-pages` over the images on this host; see criu-lazy-pages(1). */
export interface LazyPagesRequest {
  /** For errors: `restore container/web`. */
  operation: string;
  criu: string;
  imagesDirectory: string;
  /** That of the restore as well: CRIU finds its socket there. */
  workDirectory: string;
  /** The log of one that failed goes here. */
  keptLogFile: string;
  /** Holds the pid of the watcher for as long as pages are to come. */
  pidFile: string;
  /** Appears when pages were lost, with a word on why. */
  lostFile: string;
  /** `cgroup.procs` of the container, which is killed when pages are lost. */
  procsFile: string;
  /** A directory that goes when all pages have come; null: none. */
  discardedDirectory: string | null;
  /** Where the watcher is to be; null leaves it where we are. */
  scope: MonitorScope | null;
  timeoutMs: number;
  signal?: AbortSignal;
}

/** What serves the pages of one restore. It ends with this process until `letRun`. */
export interface LazyPages {
  /** The processes are about to run: from here on it stays until they have all of their memory, whatever becomes of us. */
  letRun(): void;
  /** The restore is done: the directory that was named may go with the last page. */
  letGo(): void;
  /** No more is to be told. Before `letRun` this ends it. */
  close(): void;
}

export const LAZY_PAGES_LOG = 'lazy-pages.log';
const SOCKET = 'lazy-pages.socket';

/** Where CRIU waits for the restore. */
export function lazyPagesSocket(workDirectory: string): string {
  return path.join(workDirectory, SOCKET);
}

/** Starts it, and resolves when it waits for the restore. */
export async function startLazyPages(kernel: Kernel, request: LazyPagesRequest): Promise<LazyPages> {
  const { operation, scope } = request;
  const [theirs, ours] = kernel.pipe2(0);
  const lifeline = createLifeline(kernel, ours, request);
  let child;
  try {
    child = spawnWatcher(kernel, request, theirs);
    await admitMonitor(kernel, { what: `${operation}: start criu lazy-pages`, scope }, child);
    lifeline.admit();
    await untilReady(kernel, request, { child, lifeline });
    return lifeline;
  } catch (error) {
    lifeline.close();
    throw await withLog(error, operation, logPlace(request));
  } finally {
    if (child !== undefined) kernel.close(child.pidfd);
  }
}

/** The first process of the watcher ends when CRIU can be asked, or never will. */
async function untilReady(
  kernel: Kernel,
  { operation, timeoutMs, signal }: LazyPagesRequest,
  { child, lifeline }: { child: SpawnedProcess; lifeline: LazyPages },
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const inTime = await kernel.pollReadable(child.pidfd, timeoutMs, options).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error;
    return null;
  });
  // The end of the pipe is the end of all that has been started.
  if (inTime !== true) lifeline.close();
  const { code } = await kernel.waitChild(child.pidfd);
  if (inTime === null) throw new EngineError('ABORTED', `${operation}: given up`, { cause: signal?.reason });
  if (!inTime) {
    const reason = `criu lazy-pages was not ready after ${String(timeoutMs)} ms`;
    throw new CriuError({ operation, reason, code: 'TIMED_OUT' });
  }
  if (code !== 0) throw new CriuError({ operation, reason: 'criu lazy-pages ended before it was ready' });
}

function logPlace({ workDirectory, keptLogFile }: LazyPagesRequest): {
  logFile: string;
  keptLogFile: string;
} {
  return { logFile: path.join(workDirectory, LAZY_PAGES_LOG), keptLogFile };
}

/** Our end of the pipe that ties the watcher to us. */
function createLifeline(
  kernel: Kernel,
  fd: number,
  { operation }: LazyPagesRequest,
): LazyPages & { admit: () => void } {
  let open = true;
  const tell = (): void => {
    try {
      writeSync(fd, '1');
    } catch (error) {
      if (!hasErrno(error, 'EPIPE')) throw error;
      const reason = 'criu lazy-pages has ended, and with it what would have brought the memory';
      throw new CriuError({ operation, reason, cause: error });
    }
  };
  return {
    /** It is in the cgroup that it is to stay in. */
    admit: tell,
    letRun: tell,
    letGo() {
      try {
        tell();
      } catch {
        // It has come to its end; what is of no use any more goes with the next look at the container.
      }
    },
    close() {
      if (open) kernel.close(fd);
      open = false;
    },
  };
}

function spawnWatcher(
  kernel: Kernel,
  request: LazyPagesRequest,
  lifeline: number,
): { pid: number; pidfd: number } {
  const program = nativeProgram('tsctr-lazy-pages');
  try {
    return kernel.spawn({
      file: program,
      args: [
        program,
        ...[`--criu=${request.criu}`, `--images=${request.imagesDirectory}`],
        ...[`--work=${request.workDirectory}`, `--log=${LAZY_PAGES_LOG}`],
        ...[`--pid-file=${request.pidFile}`, `--lost-file=${request.lostFile}`],
        `--procs=${request.procsFile}`,
        ...(request.discardedDirectory === null ? [] : [`--discard=${request.discardedDirectory}`]),
      ],
      env: Object.entries(ownEnvironment()).map(([name, value]) => `${name}=${value}`),
      fds: [null, null, null, lifeline],
      newProcessGroup: true,
    });
  } finally {
    // Only the watcher may hold that end: then its death is an error to whoever writes.
    kernel.close(lifeline);
  }
}
