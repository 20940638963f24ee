import type { EffectObserver } from '../../engine/index.ts';

/**
 * Kills this process, as `kill -9` would, at the effect that TSCTR_FAULT names: `before:runtime-container.up`, with `#2` for the
 * second time it comes by. For tests of what a crash leaves behind; without the variable nothing is observed.
 */
export function observerFromEnvironment(fault: string | undefined): EffectObserver | null {
  const match = /^(before|after):([\w.-]+)(?:#(\d+))?$/.exec(fault ?? '');
  if (match === null) return null;
  const [, phase, effect, nth] = match;
  let left = Number(nth ?? 1);
  return (seenEffect, seenPhase) => {
    if (seenEffect !== effect || seenPhase !== phase) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
