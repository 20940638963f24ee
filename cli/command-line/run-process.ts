import * as wiring from '../compose.ts';
import { EXIT } from './exit-code.ts';
import { processIo } from './io.ts';
import { runCommandLine } from './run-command-line.ts';

/** Runs a command line on the process's own streams and signals, and returns the exit code. */
export async function runProcess(args: readonly string[]): Promise<number> {
  const abort = new AbortController();
  let interrupts = 0;
  const onSignal = (): void => {
    interrupts += 1;
    // Whoever presses Ctrl-C twice does not want to wait for anything.
    if (interrupts > 1) process.exit(EXIT.interrupted);
    abort.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // `tsctr get | head -1` closes our output: that is no failure, and there is nobody to tell.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.asWished);
    throw error;
  });
  try {
    return await runCommandLine(args, processIo(), wiring, abort.signal);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
