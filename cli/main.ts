/**
 * The entry of the bundle: runs the command line that the process was started with. `version` is answered before anything
 * else is loaded.
 */
import { versionNumber } from './version-number.ts';

async function main(argv: readonly string[]): Promise<void> {
  const args = argv.slice(2);
  const [first] = args;
  if (args.length === 1 && (first === 'version' || first === '--version' || first === '-V')) {
    process.stdout.write(`tsctr ${versionNumber()}\n`);
    return;
  }
  const { runProcess } = await import('./run-process.ts');
  process.exitCode = await runProcess(args);
}

await main(process.argv);
