import type { Probe } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import type { ProbeResult } from './probe-result.ts';

/** How soon a container that was frozen is asked again. */
const FROZEN_RETRY_MS = 100;

/** Tries a probe again and again, and tells when enough tries in a row say the same. */
export interface ProbeLoop {
  stop(): void;
}

export function startProbeLoop(
  probe: Probe,
  options: {
    clock: Clock;
    check: (signal: AbortSignal) => Promise<ProbeResult>;
    /** Called whenever the thresholds say that the verdict is, or still is, this one. */
    onVerdict: (isSuccess: boolean, message: string) => void;
    /** How often the container was frozen: an odd number while it is. */
    freezes?: () => number;
  },
): ProbeLoop {
  const { clock, check, onVerdict, freezes = () => 0 } = options;
  const abort = new AbortController();
  let timer: unknown = null;
  let inRow = 0;
  let last: boolean | null = null;

  function tryIn(delayMs: number): void {
    timer = clock.setTimeout(() => void tryOnce(), delayMs);
  }

  async function tryOnce(): Promise<void> {
    const before = freezes();
    if (before % 2 === 1) {
      tryIn(FROZEN_RETRY_MS);
      return;
    }
    const { isSuccess, message } = await check(abort.signal);
    // What was asked of an instance that is no longer watched is nobody's business.
    if (isStopped()) return;
    // Its clock went on while it could not answer.
    if (freezes() !== before) {
      tryIn(FROZEN_RETRY_MS);
      return;
    }
    inRow = isSuccess === last ? inRow + 1 : 1;
    last = isSuccess;
    if (inRow >= (isSuccess ? probe.successThreshold : probe.failureThreshold)) onVerdict(isSuccess, message);
    if (!isStopped()) tryIn(probe.periodSeconds * 1000);
  }

  function isStopped(): boolean {
    return abort.signal.aborted;
  }

  tryIn(probe.initialDelaySeconds * 1000);
  return {
    stop() {
      abort.abort();
      clock.clearTimeout(timer);
    },
  };
}
