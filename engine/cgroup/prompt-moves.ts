import { closeSync, openSync, readFileSync, write } from 'node:fs';
import path from 'node:path';
import type { CgroupLayout } from './cgroup-layout.ts';

/** A move makes those that follow within a grace period prompt: the next one comes before that has passed. */
const EVERY_MS = 7;
/** A runtime that has not moved its process by then is late for other reasons. */
const MOST_TIMES = 7;

/**
 * Has the kernel move processes between cgroups without a pause. The first move in a while waits for an RCU grace period, 10 ms and more,
 * and those that follow within another one do not (`cgroup_threadgroup_rwsem` of kernel/cgroup/cgroup.c, a percpu-rw-semaphore). So while
 * a runtime is still loading this process is moved to where it is, and the runtime finds the wait over. Nothing else comes of it, and
 * where it cannot be done the runtime waits as before.
 */
export class PromptMoves {
  readonly #layout: CgroupLayout;
  #left = 0;
  #timer: NodeJS.Timeout | null = null;
  #isWriting = false;

  constructor(layout: CgroupLayout) {
    this.#layout = layout;
  }

  /** From now on, for some fifty milliseconds; said again, for as long from then. */
  begin(): void {
    this.#left = MOST_TIMES;
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => {
      this.#move();
    }, EVERY_MS);
    // Nobody waits for it.
    this.#timer.unref();
    this.#move();
  }

  #move(): void {
    // The one before still waits.
    if (this.#isWriting) return;
    if (this.#left === 0) {
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    this.#left -= 1;
    this.#isWriting = true;
    moveToWhereItIs(this.#layout, () => {
      this.#isWriting = false;
    });
  }
}

/** Waits in a thread of the pool. Asks anew where it is: others may have moved it since. */
function moveToWhereItIs(layout: CgroupLayout, onDone: () => void): void {
  let fd: number;
  try {
    const file = ownProcsFile(layout, readFileSync('/proc/self/cgroup', 'utf8'));
    if (file === null) throw new Error('no cgroup hierarchy is mounted');
    fd = openSync(file, 'w');
  } catch {
    onDone();
    return;
  }
  // 0 is whoever writes it (cgroups(7)).
  write(fd, '0', () => {
    closeSync(fd);
    onDone();
  });
}

/** `cgroup.procs` of this process in one of the hierarchies, all of which are behind the same lock; null: none is mounted. */
export function ownProcsFile(layout: CgroupLayout, membership: string): string | null {
  for (const line of membership.trim().split('\n')) {
    const [, controllers = '', ...cgroup] = line.split(':');
    const mount = controllers === '' ? layout.unified : layout.v1.get(controllers.split(',')[0] ?? '');
    const place = cgroup.join(':');
    // Outside of what this cgroup namespace shows it begins so (cgroup_namespaces(7)).
    if (mount != null && !place.startsWith('/..')) return path.join(mount, place, 'cgroup.procs');
  }
  return null;
}
