import { actCommand, TIMEOUT_OPTION } from '../show/act-command.ts';

export const stop = actCommand('stop', {
  description:
    'Sends the stop signal, and SIGKILL when the time is up. It stays stopped until `tsctr start`, or until its manifest changes.',
  options: [TIMEOUT_OPTION],
  examples: ['tsctr stop web', 'tsctr stop pod/db --timeout 60s'],
});
