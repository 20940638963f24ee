import type { EffectObserver } from '../contract/effects.ts';

/** The moments at which CRIU stops and asks (https://criu.org/Action_scripts), in no order. */
export type CriuScript =
  | 'pre-dump'
  | 'post-dump'
  | 'network-lock'
  | 'network-unlock'
  | 'query-ext-files'
  | 'setup-namespaces'
  | 'post-setup-namespaces'
  | 'pre-restore'
  | 'post-restore'
  | 'pre-resume'
  | 'post-resume'
  | 'orphan-pts-master'
  | 'status-ready';

/** One question of CRIU, which waits until it is answered. */
export interface CriuNotification {
  /** A `CriuScript`, or one of a newer CRIU. */
  script: string;
  /** Of the container's first process, in CRIU's PID namespace; with setup-namespaces, post-setup-namespaces, post-restore. */
  pid: number | null;
  /** With orphan-pts-master: the terminal's master. Closed when the handler is done. */
  fds: readonly number[];
}

/** Handles one question. Throwing makes CRIU give up and take back, where it still can; the error is then the cause. */
export type CriuNotifyHandler = (notification: CriuNotification) => Promise<void> | void;

/** Handlers by moment; what has none is answered with yes. */
export type CriuNotifyHandlers = Partial<Record<CriuScript, CriuNotifyHandler>>;

/** One handler that calls the one for its moment; `observe` is told of each moment, before and after. */
export function dispatchNotify(handlers: CriuNotifyHandlers, observe?: EffectObserver): CriuNotifyHandler {
  return async (notification) => {
    const { script } = notification;
    observe?.(`criu.${script}`, 'before');
    if (Object.hasOwn(handlers, script)) await handlers[script as CriuScript]?.(notification);
    observe?.(`criu.${script}`, 'after');
  };
}
