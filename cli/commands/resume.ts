import { actCommand } from '../act-command.ts';

export const resume = actCommand('resume', {
  description: '',
  examples: ['tsctr resume web'],
});
