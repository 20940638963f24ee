import { EXIT_MEANINGS } from '../command-line/exit-code.ts';
import { GLOBAL_OPTIONS } from '../arguments/global-options.ts';
import { displayWidth } from './printable.ts';
import type { LoadedCommand, LoadedGroup } from '../command-line/command.ts';

/** docs/cli.md, from the command tree. */
export function formatCommandDocs(groups: readonly LoadedGroup[]): string {
  return [
    '# Commands',
    '',
    '<!-- Made from the commands themselves: node --import tsx cli/main.ts __docs > docs/cli.md -->',
    '',
    'Names of resources are `web` when that is unique, `container/web`, or `container web api`.',
    'With a daemon commands speak to its socket; without one they take the lock of the root and do the work themselves.',
    '',
    '## For every command',
    '',
    ...table(
      ['option', 'meaning'],
      GLOBAL_OPTIONS.map(({ flags, description }) => [code(flags), description]),
    ),
    '',
    '## Exit codes',
    '',
    ...table(
      ['code', 'meaning'],
      EXIT_MEANINGS.map(([number, meaning]) => [String(number), meaning]),
    ),
    '',
    ...groups.flatMap(({ title, commands }) => [`## ${title}`, '', ...commands.flatMap(commandDocs)]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function commandDocs(command: LoadedCommand): string[] {
  return [...ownDocs(command), ...command.children.flatMap(commandDocs)];
}

function ownDocs(command: LoadedCommand): string[] {
  const { spec } = command;
  if (spec === null) return [];
  const operands = (spec.arguments ?? []).map(({ name }) => name).join(' ');
  const options = [
    ...(spec.options ?? []).map(({ flags, description, choices }) => [
      code(flags),
      choices === undefined ? description : `${description} (${choices.join(', ')})`,
    ]),
    ...(spec.outputs === undefined ? [] : [[code('-o <format>'), `print as ${spec.outputs.join(', ')}`]]),
  ];
  const operandRows = (spec.arguments ?? []).map(({ name, description, choices }) => [
    code(name),
    choices === undefined ? description : `${description} (${choices.join(', ')})`,
  ]);
  return [
    `### tsctr ${command.path}`,
    '',
    `${command.summary}.`,
    '',
    ...(spec.description === '' ? [] : [spec.description, '']),
    '```',
    `tsctr ${command.path}${operands === '' ? '' : ` ${operands}`}${options.length === 0 ? '' : ' [options]'}`,
    ...(spec.examples ?? []).map((example) => `$ ${example}`),
    '```',
    '',
    ...(operandRows.length + options.length === 0
      ? []
      : [...table(['argument or option', 'meaning'], [...operandRows, ...options]), '']),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, i) => Math.max(3, ...cells.map((row) => displayWidth(row[i] ?? ''))));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - displayWidth(cell))).join(' | ')} |`;
  const [first = [], ...rest] = cells;
  return [line(first), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(line)];
}

function code(text: string): string {
  return `\`${text}\``;
}
