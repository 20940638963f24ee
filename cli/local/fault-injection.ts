import { appendFileSync } from 'node:fs';
import type { EffectObserver } from '../../engine/index.ts';

/**
 * For tests of what a crash leaves behind; without the variable nothing is observed. TSCTR_FAULT says:
 *
 * - `before:runtime-container.up`: kills this process there, as `kill -9` would; with `#2` the second time that it comes by.
 * - `record:/tmp/effects`: writes the effects that it comes by into that file, one a line, as they are named above.
 */
export function observerFromEnvironment(fault: string | undefined): EffectObserver | null {
  const file = /^record:(\/.*)$/.exec(fault ?? '')?.[1];
  if (file !== undefined) return recorder(file);
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

function recorder(file: string): EffectObserver {
  const counts = new Map<string, number>();
  return (effect, phase) => {
    const name = `${phase}:${effect}`;
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    appendFileSync(file, `${name}#${String(nth)}\n`);
  };
}
