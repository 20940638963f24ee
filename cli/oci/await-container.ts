import type { Kernel } from '../../native/index.ts';

const FORWARDED = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
  'SIGCONT',
] as const;

/** Waits for a child, hands signals on to it meanwhile, and returns how it ended, as shells count it. */
export async function awaitContainer(kernel: Kernel, pid: number): Promise<number> {
  const pidfd = kernel.pidfdOpen(pid, 0);
  const forward = (_name: NodeJS.Signals, number: number): void => {
    kernel.pidfdSendSignal(pidfd, number);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    const { code, signal } = await kernel.waitChild(pidfd);
    return code ?? 128 + (signal ?? 0);
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
    kernel.close(pidfd);
  }
}
