import { actCommand } from '../show/act-command.ts';

export const start = actCommand('start', {
  description: 'Takes back an earlier `tsctr stop` or `tsctr pause`, and ends a back-off early.',
  examples: ['tsctr start web'],
});
