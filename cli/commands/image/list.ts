import type { ImageDetails } from '../../../engine/index.ts';
import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatAge } from '../../output/age.ts';
import { formatBytes } from '../../output/bytes.ts';
import { painter } from '../../output/colour.ts';
import { formatJson } from '../../output/json.ts';
import { formatTable } from '../../output/table.ts';

interface Row {
  name: string;
  image: ImageDetails;
}

export const list: CommandSpec = {
  description: 'One line for each name.',
  outputs: ['json', 'name'],
  examples: ['tsctr image list'],
  hosted: true,
  run: async (invocation) => {
    const { io, globals } = invocation;
    const images = await (await invocation.service()).images.list();
    const rows: Row[] = images
      .flatMap((image) =>
        (image.names.length === 0 ? ['<none>'] : image.names).map((name) => ({ name, image })),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    if (globals.output === 'json') io.out(formatJson(images));
    else if (globals.output === 'name') io.out(rows.map(({ name }) => `${name}\n`).join(''));
    else if (rows.length === 0) io.err('no images; bring one with: tsctr image pull <reference>\n');
    else {
      io.out(
        formatTable(
          [
            { title: 'NAME', value: ({ name }) => name },
            { title: 'ID', value: ({ image }) => image.id.replace(/^sha256:/, '').slice(0, 12) },
            { title: 'SIZE', value: ({ image }) => formatBytes(image.size) },
            { title: 'LAYERS', value: ({ image }) => String(image.layers) },
            { title: 'AGE', value: ({ image }) => ageOf(image, io.now()) },
          ],
          rows,
          { paint: painter(globals.colour) },
        ),
      );
    }
    return EXIT.asWished;
  },
};

function ageOf(image: ImageDetails, nowMs: number): string {
  return image.createdAt === null ? '-' : formatAge(nowMs - Date.parse(image.createdAt));
}
