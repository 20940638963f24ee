/** Told of every effect on the host, before and after it: crash tests stop the process there, traces draw it. */
export type EffectObserver = (effect: string, phase: 'before' | 'after') => void;

export interface EffectOptions {
  signal?: AbortSignal;
}
