import { ErrnoError } from './errno-error.ts';
import { constants } from 'node:os';
import type { NativeAddon } from './load-addon.ts';

interface Waiter {
  fd: number;
  settle: (readable: boolean) => void;
  fail: (error: Error) => void;
}

/** Waits for descriptors to become readable: the promises over the addon's one watching thread. */
export interface Readiness {
  /** True when `fd` is readable, false when `timeoutMs` (-1: none) has passed. Rejects with the signal's reason, or EBADF after `closed(fd)`. */
  wait(fd: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  /** Ends the waits on a descriptor that is being closed. */
  closed(fd: number): void;
}

export function createReadiness(addon: NativeAddon): Readiness {
  const waiters = new Map<number, Waiter>();
  let started = false;

  function start(): void {
    started = true;
    addon.startWatcher((id, readable) => {
      const waiter = waiters.get(id);
      waiters.delete(id);
      waiter?.settle(readable);
    });
  }

  function cancel(id: number, reason: Error): void {
    const waiter = waiters.get(id);
    if (waiter === undefined) return;
    waiters.delete(id);
    addon.unwatch(id);
    waiter.fail(reason);
  }

  function watch(fd: number, timeoutMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    if (!started) start();
    return new Promise((resolve, reject) => {
      const id = addon.watch(fd, timeoutMs);
      const onAbort = (): void => {
        cancel(id, signal?.reason as Error);
      };
      waiters.set(id, {
        fd,
        settle: (readable) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(readable);
        },
        fail: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      });
      signal?.addEventListener('abort', onAbort);
    });
  }

  return {
    async wait(fd, timeoutMs, signal) {
      signal?.throwIfAborted();
      if (addon.isReadable(fd)) return true;
      return timeoutMs === 0 ? false : watch(fd, timeoutMs, signal);
    },
    closed(fd) {
      for (const [id, waiter] of waiters) {
        if (waiter.fd === fd) cancel(id, new ErrnoError('poll', 'EBADF', constants.errno.EBADF));
      }
    },
  };
}
