/**
 * One entry of a trace in the Chrome format ("Trace Event Format"), which chrome://tracing and Perfetto open: something that began
 * `ts` microseconds after 1970 and took `dur`. Each container has a line of its own, told by `tid`.
 */
export interface TraceEvent {
  name: string;
  cat: string;
  /** X: something that took time; M: the name of a line. */
  ph: 'X' | 'M';
  ts: number;
  dur?: number;
  pid: number;
  tid: number;
  args?: Record<string, string>;
}
