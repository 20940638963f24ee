import { actCommand } from '../show/act-command.ts';

export const kill = actCommand('kill', {
  description: 'Only sends the signal: when the process ends by it, its restart policy decides what is next.',
  options: [{ flags: '-s, --signal <signal>', description: 'by name or number; KILL unless said otherwise' }],
  examples: ['tsctr kill web', 'tsctr kill -s HUP web'],
});
