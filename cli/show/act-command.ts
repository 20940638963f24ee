import type { ActRequest, ApplyEvent } from '../api/service.ts';
import type { CommandSpec, Invocation, OptionSpec } from '../command-line/command.ts';
import { CliError } from '../command-line/cli-error.ts';
import { parseDurationMs } from '../arguments/duration.ts';
import { formatJson } from '../output/json.ts';
import { parseNames, resolveName } from '../arguments/resource-name.ts';
import { showSummary, watchEvents } from './show-changes.ts';

export const TIMEOUT_OPTION: OptionSpec = {
  flags: '--timeout <duration>',
  description: 'from the stop signal to SIGKILL, in place of terminationGracePeriodSeconds',
};

/** A command that does one verb to the resources that are named. */
export function actCommand(
  verb: ActRequest['verb'],
  about: { description: string; options?: readonly OptionSpec[]; examples: readonly string[] },
): CommandSpec {
  return {
    ...about,
    arguments: [
      { name: '<name...>', description: 'web, container/web, or: container web api', completes: 'resource' },
    ],
    outputs: ['json'],
    hosted: true,
    run: (invocation) => act(invocation, verb),
  };
}

async function act(invocation: Invocation, verb: ActRequest['verb']): Promise<number> {
  const { args, options } = invocation;
  const { kinds, names } = parseNames(args);
  if (kinds.length > 0) {
    throw new CliError(
      'BAD_INPUT',
      `${verb}: '${args.join(' ')}' names no resource`,
      `say tsctr ${verb} ${args[0] ?? ''} <name>`,
    );
  }
  const timeout = options.text('timeout');
  const timeoutMs = timeout === null ? null : parseDurationMs(timeout, '--timeout');
  const service = await invocation.service();
  const views = await service.list();
  const request: ActRequest = {
    verb,
    names: names.map((name) => resolveName(name, views).resource),
    signal: options.text('signal'),
    timeoutMs,
  };
  const events: ApplyEvent[] = [];
  const shown = watchEvents(invocation, events);
  const summary = await service.act(request, shown.onEvent, invocation.signal);
  shown.end();
  if (invocation.globals.output === 'json') {
    invocation.io.out(formatJson({ kind: 'ActResult', verb, events, ...summary }));
  }
  return showSummary(invocation, summary);
}
