import type { DataInfo } from '../../engine/index.ts';
import type { DataKind } from '../../schemas/index.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { Invocation } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { formatAge } from '../output/age.ts';
import { painter } from '../output/colour.ts';
import { formatJson } from '../output/json.ts';
import { printableLine } from '../output/printable.ts';
import { formatTable } from '../output/table.ts';
import { formatYaml } from '../output/yaml.ts';

/** `get secrets`, `get configmap web`: names, keys and versions; never values. */
export async function showData(
  invocation: Invocation,
  kind: DataKind,
  names: readonly string[],
): Promise<number> {
  const { io, globals } = invocation;
  const chosen = await chooseData(invocation, kind, names);
  if (globals.output === 'json' || globals.output === 'yaml') {
    const value = names.length === 1 ? chosen[0] : { kind: 'List', apiVersion: 'v1', items: chosen };
    io.out(globals.output === 'json' ? formatJson(value) : formatYaml(value));
    return EXIT.asWished;
  }
  if (globals.output === 'name') {
    for (const { name } of chosen) io.out(`${kind.toLowerCase()}/${name}\n`);
    return EXIT.asWished;
  }
  io.out(
    formatTable(columns(io.now()), chosen, {
      paint: painter(globals.colour),
      columns: io.columns,
      headers: invocation.options.has('headers'),
    }),
  );
  return EXIT.asWished;
}

/** `describe secret db`. */
export async function describeData(
  invocation: Invocation,
  kind: DataKind,
  names: readonly string[],
): Promise<number> {
  const { io, globals } = invocation;
  if (globals.output !== 'text') return showData(invocation, kind, names);
  const paint = painter(globals.colour);
  const pages = (await chooseData(invocation, kind, names)).map((info) => page(info, io.now()));
  const text = pages.map((rows) =>
    rows
      .filter(([, value]) => value !== '')
      .map(([label, value]) => `${paint('bold', `${label}:`.padEnd(17))} ${printableLine(value)}\n`)
      .join(''),
  );
  io.out(text.join('\n'));
  return EXIT.asWished;
}

function page(info: DataInfo, nowMs: number): [label: string, value: string][] {
  const { kind, name, labels, owner, keys, rotation, version, updatedAt } = info;
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [
    ['Name', name],
    ['Kind', kind],
    ['Labels', pairs.join(', ')],
    ['Source', `${owner.source}: ${owner.file}`],
    ['Keys', keys.join(', ')],
    ['Rotation', rotation.policy],
    ['Version', version.slice(0, 8)],
    ['Updated', `${updatedAt} (${formatAge(nowMs - Date.parse(updatedAt))} ago)`],
  ];
}

async function chooseData(
  invocation: Invocation,
  kind: DataKind,
  names: readonly string[],
): Promise<DataInfo[]> {
  const all = (await (await invocation.service()).data()).filter((info) => info.kind === kind);
  const missing = names.find((name) => !all.some((info) => info.name === name));
  if (missing !== undefined) throw new CliError('NOT_FOUND', `${kind.toLowerCase()}/${missing}: not found`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

function columns(nowMs: number) {
  return [
    { title: 'NAME', value: ({ name }: DataInfo) => name },
    { title: 'KEYS', value: ({ keys }: DataInfo) => keys.join(',') },
    { title: 'ROTATION', value: ({ rotation }: DataInfo) => rotation.policy },
    { title: 'VERSION', value: ({ version }: DataInfo) => version.slice(0, 8) },
    { title: 'AGE', value: ({ updatedAt }: DataInfo) => formatAge(nowMs - Date.parse(updatedAt)) },
  ];
}
