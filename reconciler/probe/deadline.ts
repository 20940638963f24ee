/** A signal that is given with another one, or when the time is over. */
export interface Deadline {
  signal: AbortSignal;
  /** True when the time was over first. */
  isOver(): boolean;
  /** To be called when nothing is waited for any more. */
  end(): void;
}

/**
 * AbortSignal.any over AbortSignal.timeout would say the same in a line, but Node 20 may collect the timeout while somebody waits
 * for it, and then it never comes (nodejs/node#54614).
 */
export function startDeadline(parent: AbortSignal, timeoutMs: number): Deadline {
  const controller = new AbortController();
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    controller.abort();
  }, timeoutMs);
  const onParent = (): void => {
    controller.abort(parent.reason);
  };
  if (parent.aborted) onParent();
  parent.addEventListener('abort', onParent);
  return {
    signal: controller.signal,
    isOver: () => isOver,
    end() {
      clearTimeout(timer);
      parent.removeEventListener('abort', onParent);
    },
  };
}
