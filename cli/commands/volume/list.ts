import type { VolumeView } from '../../api/volume-service.ts';
import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatAge } from '../../output/age.ts';
import { painter } from '../../output/colour.ts';
import { formatJson } from '../../output/json.ts';
import { formatTable } from '../../output/table.ts';

export const list: CommandSpec = {
  description: 'USED BY: what names it in its manifest, running or not.',
  outputs: ['json', 'name'],
  examples: ['tsctr volume list'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals } = invocation;
    const volumes = await (await invocation.service()).volumes.list();
    if (globals.output === 'json') io.out(formatJson(volumes));
    else if (globals.output === 'name') io.out(volumes.map(({ name }) => `${name}\n`).join(''));
    else if (volumes.length === 0)
      io.err('no volumes; one is made on first use, or by: tsctr volume create\n');
    else {
      io.out(
        formatTable(
          [
            { title: 'NAME', value: ({ name }: VolumeView) => name },
            { title: 'TYPE', value: ({ options }: VolumeView) => options.type ?? 'directory' },
            {
              title: 'AGE',
              value: ({ createdAt }: VolumeView) => formatAge(io.now() - Date.parse(createdAt)),
            },
            { title: 'USED BY', value: ({ usedBy }: VolumeView) => usedBy.join(', ') },
          ],
          volumes,
          { paint: painter(globals.colour) },
        ),
      );
    }
    return EXIT.asWished;
  },
};
