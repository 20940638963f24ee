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
  const io = processIo();
  try {
    const code = await runCommandLine(args, io, wiring, abort.signal);
    // One that was cut short has streams open that would keep the process.
    if (io.readerGone.aborted) process.exit(code);
    return code;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
