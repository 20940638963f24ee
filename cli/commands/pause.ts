import { actCommand } from '../show/act-command.ts';

export const pause = actCommand('pause', {
  description:
    'The processes stay in memory and get no time. They stay so until `tsctr resume`, or until the manifest changes.',
  examples: ['tsctr pause web'],
});
