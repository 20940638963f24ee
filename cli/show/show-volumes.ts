import type { VolumeView } from '../api/volume-service.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { Invocation } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { painter } from '../output/colour.ts';
import { formatJson } from '../output/json.ts';
import { formatTable } from '../output/table.ts';
import { describeVolume, volumeColumns, volumeObject } from '../output/volume-text.ts';
import { formatYaml } from '../output/yaml.ts';

/** `get volumes`, `get pvc data`: declared or not. A claim and a volume of one name are the same. */
export async function showVolumes(invocation: Invocation, names: readonly string[]): Promise<number> {
  const { io, globals, options } = invocation;
  const chosen = await chooseVolumes(invocation, names);
  if (globals.output === 'json' || globals.output === 'yaml') {
    const objects = chosen.map(volumeObject);
    const value =
      names.length === 1 ? objects[0] : { apiVersion: 'v1', kind: 'List', metadata: {}, items: objects };
    io.out(globals.output === 'json' ? formatJson(value) : formatYaml(value));
  } else if (globals.output === 'name') {
    for (const { name } of chosen) io.out(`volume/${name}\n`);
  } else if (chosen.length === 0) {
    io.err(
      'no volumes; one is made on first use, by a manifest of kind Volume, or by: tsctr volume create\n',
    );
  } else {
    const paint = painter(globals.colour);
    const headers = options.has('headers');
    io.out(formatTable(volumeColumns(io.now()), chosen, { paint, columns: io.columns, headers }));
  }
  return EXIT.asWished;
}

/** `describe volume data`. */
export async function describeVolumes(invocation: Invocation, names: readonly string[]): Promise<number> {
  const { io, globals } = invocation;
  const chosen = await chooseVolumes(invocation, names);
  if (globals.output !== 'text') return showVolumes(invocation, names);
  const paint = painter(globals.colour);
  io.out(chosen.map((volume) => describeVolume(volume, io.now(), paint)).join('\n'));
  return EXIT.asWished;
}

async function chooseVolumes(invocation: Invocation, names: readonly string[]): Promise<VolumeView[]> {
  const all = await (await invocation.service()).volumes.list();
  const missing = names.find((name) => !all.some((volume) => volume.name === name));
  if (missing !== undefined) {
    throw new CliError(
      'NOT_FOUND',
      `volume/${missing}: not found`,
      'see what is there with: tsctr get volumes',
    );
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}
