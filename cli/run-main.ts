import type * as RunProcess from './command-line/run-process.ts';
import { versionNumber } from './version-number.ts';

/** Runs the command line that this process was started with. `version` is answered before anything else is loaded. */
export async function runMain(load: () => Promise<typeof RunProcess>): Promise<void> {
  const args = process.argv.slice(2);
  if (asksForVersion(args)) {
    process.stdout.write(`tsctr ${versionNumber()}\n`);
    return;
  }
  const { runProcess } = await load();
  process.exitCode = await runProcess(args);
}

/** Wherever tsctr keeps its things, the version is the same. */
function asksForVersion(args: readonly string[]): boolean {
  const [first, , ...others] = args;
  if (args.length > 2 && (first === '--root' || first === '--run')) return asksForVersion(others);
  return args.length === 1 && ['version', '--version', '-V'].includes(first ?? '');
}
