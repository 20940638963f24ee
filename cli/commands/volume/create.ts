import { CliError } from '../../command-line/cli-error.ts';
import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatJson } from '../../output/json.ts';

const OPTION_NAMES = ['type', 'device', 'o'];

export const create: CommandSpec = {
  description:
    'One that exists is left as it is. Without options it is a directory; with them what mount(8) makes of them.',
  arguments: [{ name: '<name>', description: 'what persistentVolumeClaim.claimName calls it' }],
  options: [
    { flags: '-l, --label <key=value>', description: 'a label', repeatable: true },
    {
      flags: '--opt <key=value>',
      description: 'type, device or o (mount options) of its file system',
      repeatable: true,
    },
  ],
  outputs: ['json'],
  examples: ['tsctr volume create data', 'tsctr volume create ram --opt type=tmpfs --opt o=size=64m'],
  run: async (invocation) => {
    const { io, globals, args, options } = invocation;
    const settings = pairs(options.list('opt'), 'opt');
    const unknown = Object.keys(settings).find((name) => !OPTION_NAMES.includes(name));
    if (unknown !== undefined) {
      throw new CliError('BAD_INPUT', `--opt ${unknown}: expected one of ${OPTION_NAMES.join(', ')}`);
    }
    const volume = await (
      await invocation.service()
    ).volumes.create({
      name: args[0] ?? '',
      labels: pairs(options.list('label'), 'label'),
      options: settings,
    });
    io.out(globals.output === 'json' ? formatJson(volume) : `${volume.name}\n`);
    return EXIT.asWished;
  },
};

function pairs(words: readonly string[], option: string): Record<string, string> {
  const entries = words.map((word): [string, string] => {
    const equals = word.indexOf('=');
    if (equals > 0) return [word.slice(0, equals), word.slice(equals + 1)];
    throw new CliError('BAD_INPUT', `--${option} ${word}: expected key=value`);
  });
  return Object.fromEntries(entries);
}
