import type { PullProgress } from '../../engine/index.ts';
import type { Io } from '../command-line/io.ts';
import { formatBytes } from './bytes.ts';
import { fit, printableLine } from './printable.ts';

/** A line that says how far something is: rewritten in place on a terminal, elsewhere one line for each new phase. */
export interface Progress {
  update(phase: string, detail: string): void;
  /** Takes the line away, so that something else can be printed. */
  clear(): void;
}

const ERASE_LINE = '\r\u001b[K';
/** Not more often than this: a fast pull must not spend its time on drawing. */
const REDRAW_MS = 80;

export function openProgress(io: Io, what: string): Progress {
  return io.errIsTerminal ? terminalProgress(io, what) : plainProgress(io, what);
}

function terminalProgress(io: Io, what: string): Progress {
  let drawnAt = 0;
  let drawn = false;
  return {
    update: (phase, detail) => {
      const now = io.now();
      if (drawn && now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      drawn = true;
      io.err(ERASE_LINE + fit(printableLine(`${what}  ${phase}  ${detail}`), (io.columns ?? 80) - 1));
    },
    clear: () => {
      if (drawn) io.err(ERASE_LINE);
      drawn = false;
    },
  };
}

function plainProgress(io: Io, what: string): Progress {
  let last = '';
  return {
    update: (phase) => {
      if (phase !== last) io.err(`${printableLine(what)}  ${phase}\n`);
      last = phase;
    },
    clear: () => undefined,
  };
}

/** `3 of 7 layers, 12.0 MiB`. */
export function describePull(progress: PullProgress): string {
  const layers = progress.layersTotal === 0 ? '' : `${progress.layersDone} of ${progress.layersTotal} layers`;
  const bytes = progress.bytes === 0 ? '' : formatBytes(progress.bytes);
  return [layers, bytes].filter((part) => part !== '').join(', ');
}
