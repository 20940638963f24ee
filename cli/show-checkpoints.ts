import type { DeclaredCheckpointView } from './api/checkpoint-service.ts';
import { CliError } from './cli-error.ts';
import type { Invocation } from './command.ts';
import { EXIT } from './exit-code.ts';
import { painter } from './output/colour.ts';
import {
  declaredCheckpointColumns,
  declaredCheckpointObject,
  describeDeclaredCheckpoint,
} from './output/declared-checkpoint-text.ts';
import { formatJson } from './output/json.ts';
import { formatTable } from './output/table.ts';
import { formatYaml } from './output/yaml.ts';

/** `get checkpoints`, `get checkpoint before-upgrade`: what manifests of kind Checkpoint ask for, and what became of it. */
export async function showCheckpoints(invocation: Invocation, names: readonly string[]): Promise<number> {
  const { io, globals, options } = invocation;
  const chosen = await chooseCheckpoints(invocation, names);
  if (globals.output === 'json' || globals.output === 'yaml') {
    const objects = chosen.map(declaredCheckpointObject);
    const value =
      names.length === 1 ? objects[0] : { apiVersion: 'v1', kind: 'List', metadata: {}, items: objects };
    io.out(globals.output === 'json' ? formatJson(value) : formatYaml(value));
  } else if (globals.output === 'name') {
    for (const { record } of chosen) io.out(`checkpoint/${record.name}\n`);
  } else if (chosen.length === 0) {
    io.err(
      'no manifest of kind Checkpoint; what containers have kept, however it was asked for: tsctr checkpoint list\n',
    );
  } else {
    const paint = painter(globals.colour);
    const headers = options.has('headers');
    const columns = declaredCheckpointColumns(io.now());
    io.out(formatTable(columns, chosen, { paint, columns: io.columns, headers }));
  }
  return EXIT.asWished;
}

/** `describe checkpoint before-upgrade`. */
export async function describeCheckpoints(invocation: Invocation, names: readonly string[]): Promise<number> {
  const { io, globals } = invocation;
  if (globals.output !== 'text') return showCheckpoints(invocation, names);
  const chosen = await chooseCheckpoints(invocation, names);
  const paint = painter(globals.colour);
  io.out(chosen.map((view) => describeDeclaredCheckpoint(view, io.now(), paint)).join('\n'));
  return EXIT.asWished;
}

async function chooseCheckpoints(
  invocation: Invocation,
  names: readonly string[],
): Promise<DeclaredCheckpointView[]> {
  const all = await (await invocation.service()).checkpoints.declared();
  const missing = names.find((name) => !all.some(({ record }) => record.name === name));
  if (missing !== undefined) {
    throw new CliError(
      'NOT_FOUND',
      `checkpoint/${missing}: not found`,
      'see what is declared with: tsctr get checkpoints; what containers have kept: tsctr checkpoint list',
    );
  }
  return names.length === 0 ? all : all.filter(({ record }) => names.includes(record.name));
}
