import type { DataInfo } from '../engine/index.ts';
import type { DataName } from './api/service.ts';
import { CliError } from './cli-error.ts';
import type { Invocation } from './command.ts';
import { EXIT } from './exit-code.ts';
import { formatAge } from './output/age.ts';
import { painter } from './output/colour.ts';
import { formatJson } from './output/json.ts';
import { formatTable } from './output/table.ts';
import { formatYaml } from './output/yaml.ts';

/** `get secrets`, `get configmap web`: names, keys and versions; never values. */
export async function showData(invocation: Invocation, kind: DataName['kind']): Promise<number> {
  const { args, io, globals } = invocation;
  const names = args.slice(1);
  const all = (await (await invocation.service()).data()).filter((info) => info.kind === kind);
  const missing = names.find((name) => !all.some((info) => info.name === name));
  if (missing !== undefined) throw new CliError('NOT_FOUND', `${kind.toLowerCase()}/${missing}: not found`);
  const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
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

function columns(nowMs: number) {
  return [
    { title: 'NAME', value: ({ name }: DataInfo) => name },
    { title: 'KEYS', value: ({ keys }: DataInfo) => keys.join(',') },
    { title: 'ROTATION', value: ({ rotation }: DataInfo) => rotation.policy },
    { title: 'VERSION', value: ({ version }: DataInfo) => version.slice(0, 8) },
    { title: 'AGE', value: ({ updatedAt }: DataInfo) => formatAge(nowMs - Date.parse(updatedAt)) },
  ];
}
