import { actCommand } from '../show/act-command.ts';

export const resume = actCommand('resume', {
  description: '',
  examples: ['tsctr resume web'],
});
