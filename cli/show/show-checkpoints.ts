import type { DeclaredCheckpointView } from '../api/checkpoint-service.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { Invocation } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { painter } from '../output/colour.ts';
import {
  declaredCheckpointColumns,
  declaredCheckpointObject,
  describeDeclaredCheckpoint,
} from '../output/declared-checkpoint-text.ts';
import { formatJson } from '../output/json.ts';
import { formatTable } from '../output/table.ts';
import { formatYaml } from '../output/yaml.ts';
import { watchListed } from './watch-listed.ts';

/** `get checkpoints`, `get checkpoint before-upgrade`: what manifests of kind Checkpoint ask for, and what became of it. */
export async function showCheckpoints(invocation: Invocation, names: readonly string[]): Promise<number> {
  if (invocation.options.flag('watch')) return watchCheckpoints(invocation, names);
  const all = await (await invocation.service()).checkpoints.declared();
  const chosen = chooseCheckpoints(all, names);
  if (chosen.length === 0 && ['text', 'wide'].includes(invocation.globals.output)) {
    invocation.io.err(
      'no manifest of kind Checkpoint; what containers have kept, however it was asked for: tsctr checkpoint list\n',
    );
  } else print(invocation, chosen, { single: names.length === 1 });
  return EXIT.asWished;
}

interface Printed {
  /** One object in place of a List. */
  single: boolean;
  /** They are not there any more. */
  gone?: boolean;
  headers?: boolean;
  /** Of the lines before. */
  widths?: number[];
}

function print(
  { io, globals, options }: Invocation,
  views: readonly DeclaredCheckpointView[],
  { single, gone = false, headers = options.has('headers'), widths = [] }: Printed,
): void {
  if (globals.output === 'json' || globals.output === 'yaml') {
    const items = views.map(declaredCheckpointObject);
    const value = single ? items[0] : { apiVersion: 'v1', kind: 'List', metadata: {}, items };
    io.out(globals.output === 'json' ? formatJson(value) : formatYaml(value));
  } else if (globals.output === 'name') {
    for (const { record } of views) io.out(`checkpoint/${record.name}\n`);
  } else {
    const paint = painter(globals.colour);
    const columns = declaredCheckpointColumns(io.now(), { gone });
    io.out(formatTable(columns, views, { paint, columns: io.columns, headers, widths }));
  }
}

async function watchCheckpoints(invocation: Invocation, names: readonly string[]): Promise<number> {
  const { globals, options, signal } = invocation;
  const isTable = globals.output === 'text' || globals.output === 'wide';
  const widths: number[] = [];
  let headers = options.has('headers');
  const show = (views: readonly DeclaredCheckpointView[], gone = false): void => {
    if (isTable) print(invocation, views, { single: false, gone, headers, widths });
    else for (const view of views) print(invocation, [view], { single: true });
    headers = false;
  };
  await watchListed(await invocation.service(), {
    signal,
    viewOf: (event) => (event.what === 'checkpoint' ? event.view : null),
    onListed: (views) => {
      show(chooseCheckpoints(views, names));
    },
    onChange: (view, gone) => {
      if (names.length === 0 || names.includes(view.record.name)) show([view], gone);
    },
  });
  return signal.aborted ? EXIT.interrupted : EXIT.asWished;
}

/** `describe checkpoint before-upgrade`. */
export async function describeCheckpoints(invocation: Invocation, names: readonly string[]): Promise<number> {
  const { io, globals } = invocation;
  if (globals.output !== 'text') return showCheckpoints(invocation, names);
  const chosen = chooseCheckpoints(await (await invocation.service()).checkpoints.declared(), names);
  const paint = painter(globals.colour);
  io.out(chosen.map((view) => describeDeclaredCheckpoint(view, io.now(), paint)).join('\n'));
  return EXIT.asWished;
}

function chooseCheckpoints(
  all: readonly DeclaredCheckpointView[],
  names: readonly string[],
): DeclaredCheckpointView[] {
  const missing = names.find((name) => !all.some(({ record }) => record.name === name));
  if (missing !== undefined) {
    throw new CliError(
      'NOT_FOUND',
      `checkpoint/${missing}: not found`,
      'see what is declared with: tsctr get checkpoints; what containers have kept: tsctr checkpoint list',
    );
  }
  return all.filter(({ record }) => names.length === 0 || names.includes(record.name));
}
