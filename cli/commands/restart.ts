import { actCommand, TIMEOUT_OPTION } from '../show/act-command.ts';

export const restart = actCommand('restart', {
  description:
    'Stops and starts again, with the root filesystem as it is. Does not count as a restart by policy.',
  options: [TIMEOUT_OPTION],
  examples: ['tsctr restart web'],
});
