import { CliError } from '../command-line/cli-error.ts';

/** What a command fails with when its daemon ended before the command had. */
export function connectionLost(): CliError {
  return new CliError(
    'CONNECTION_LOST',
    'the daemon ended before it had answered',
    'it goes on where it was when it is started again; see: tsctr get',
  );
}
