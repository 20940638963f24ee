import { readFileSync } from 'node:fs';

export interface LivenessOptions {
  lookEveryMs: number;
  /** After so long without a sign of life it is given up. */
  stillForMs: number;
}

export const LIVENESS: LivenessOptions = { lookEveryMs: 1000, stillForMs: 10_000 };

/**
 * Gives its signal when the daemon that holds the lock of `root` has neither run nor waited for a disk for a while: one that is busy,
 * or on a slow host, takes as long as it takes, and one that is stopped or stuck never answers.
 */
export function watchLiveness(
  root: string,
  { lookEveryMs, stillForMs }: LivenessOptions,
): { signal: AbortSignal; stop: () => void } {
  const stuck = new AbortController();
  let before: string | null = null;
  let aliveAt = performance.now();
  const look = async (): Promise<void> => {
    const { lockFile } = await import('../../engine/index.ts');
    const now = signOfLife(lockFile(root));
    if (now !== null && (now === BUSY || now !== before)) aliveAt = performance.now();
    before = now;
    if (performance.now() - aliveAt >= stillForMs) stuck.abort();
  };
  const timer = setInterval(() => void look(), lookEveryMs);
  return {
    signal: stuck.signal,
    stop: () => {
      clearInterval(timer);
    },
  };
}

const BUSY = 'busy';

/** The time that the holder of the lock has run so far, or that it is at work just now; null when it is stopped, or not there. */
function signOfLife(lock: string): string | null {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc_pid_stat(5) from the third field on; 14 and 15 are the ticks in user and kernel mode.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = ''] = fields;
    if (state === 'R' || state === 'D') return BUSY;
    return state === 'S' ? `${fields[11] ?? ''} ${fields[12] ?? ''}` : null;
  } catch {
    return null;
  }
}
