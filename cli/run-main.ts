import type * as RunProcess from './command-line/run-process.ts';
import { versionNumber } from './version-number.ts';

/** Runs the command line that this process was started with. `version` is answered before anything else is loaded. */
export async function runMain(load: () => Promise<typeof RunProcess>): Promise<void> {
  const args = process.argv.slice(2);
  const [first] = args;
  if (args.length === 1 && (first === 'version' || first === '--version' || first === '-V')) {
    process.stdout.write(`tsctr ${versionNumber()}\n`);
    return;
  }
  const { runProcess } = await load();
  process.exitCode = await runProcess(args);
}
