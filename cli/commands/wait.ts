import { CliError } from '../command-line/cli-error.ts';
import type { CommandSpec, Invocation } from '../command-line/command.ts';
import { parseDurationMs } from '../arguments/duration.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { FILE_OPTIONS } from '../arguments/file-options.ts';
import { parseLabelSelector } from '../arguments/label-selector.ts';
import { namesInFiles } from '../arguments/names-in-files.ts';
import { formatJson } from '../output/json.ts';
import { printable } from '../output/printable.ts';
import { awaitTargets } from '../wait/await-targets.ts';
import type { Awaited } from '../wait/await-targets.ts';
import type { Verdict } from '../wait/judge.ts';
import { formatGoal, parseGoal } from '../wait/wait-goal.ts';
import { chooseTargets, parseTargets } from '../wait/wait-target.ts';
import type { AskedTargets, WaitTarget } from '../wait/wait-target.ts';

const DEFAULT_TIMEOUT = '30s';

export const wait: CommandSpec = {
  description:
    'Waits until each resource is as --for says, as kubectl wait does, and prints each as soon as it is. Exits 3 when the time is over, and 1 as soon as one cannot come to be so: it is gone, or a checkpoint has failed. Works with and without a daemon; without one nobody probes, so that what has a readiness probe becomes ready only with apply --wait.',
  arguments: [
    {
      name: '[name...]',
      description: 'web, container/web, pod/db, container/db.server of a pod, checkpoint/safe; or a kind',
      completes: 'resource',
    },
  ],
  options: [
    {
      flags: '--for <goal>',
      description:
        "create, delete, exit (of a container: its process has ended), condition=TYPE, condition=TYPE=STATUS, or jsonpath='{.status.state}'=VALUE, which without a value is met by any; default: condition=Ready, of checkpoints condition=Complete",
    },
    {
      flags: '--timeout <duration>',
      description: `how long; 0 looks once, a negative one waits without an end; default: ${DEFAULT_TIMEOUT}`,
    },
    ...FILE_OPTIONS,
    { flags: '-l, --selector <selector>', description: 'those of the kind that have these labels' },
    { flags: '--all', description: 'all of the kind that is named, or all containers and pods' },
  ],
  outputs: ['json', 'name'],
  examples: [
    'tsctr wait container/web --timeout 60s',
    'tsctr wait container/job --for=exit',
    'tsctr wait checkpoint/before-upgrade --for=condition=Complete',
    "tsctr wait pods -l app=web --for=jsonpath='{.status.phase}'=Running",
    'tsctr wait -f web.yaml --for=delete',
  ],
  hosted: true,
  run: async (invocation) => {
    const { options, io, signal } = invocation;
    const asked = await readAsked(invocation);
    const timeout = options.text('timeout') ?? DEFAULT_TIMEOUT;
    const timeoutMs = timeout.startsWith('-') ? null : parseDurationMs(timeout, '--timeout');
    const { awaited, timedOut } = await awaitTargets(await invocation.service(), {
      choose: (subjects) => chooseTargets(asked, subjects),
      timeoutMs,
      now: io.now,
      onVerdict: (target, verdict) => {
        tell(invocation, target, verdict);
      },
      signal,
    });
    if (signal.aborted) return EXIT.interrupted;
    if (timedOut) tellOpen(invocation, awaited, timeout);
    if (invocation.globals.output === 'json') io.out(formatJson(resultOf(awaited, timedOut)));
    if (awaited.some(({ verdict }) => verdict.is === 'hopeless')) return EXIT.failed;
    return timedOut ? EXIT.notConverged : EXIT.asWished;
  },
};

async function readAsked(invocation: Invocation): Promise<AskedTargets> {
  const { args, options } = invocation;
  const goalText = options.text('for');
  const selector = options.text('selector');
  const asked = {
    goal: goalText === null ? null : parseGoal(goalText),
    matches: selector === null ? () => true : parseLabelSelector(selector),
  };
  const choosesByKind = selector !== null || options.flag('all');
  if (options.list('file').length > 0) {
    if (args.length > 0 || choosesByKind)
      throw new CliError('BAD_INPUT', 'wait: name resources, or files with -f, but not both');
    const { names, data } = await namesInFiles(invocation);
    const checkpoints = data.flatMap(({ kind, name }) => (kind === 'Checkpoint' ? [{ kind, name }] : []));
    if (names.length + checkpoints.length === 0)
      throw new CliError('BAD_INPUT', 'wait: the files name no container, pod or checkpoint');
    return { ...asked, kinds: [], names: [...names, ...checkpoints] };
  }
  const { names, kinds } = parseTargets(args);
  if (names.length > 0 && choosesByKind)
    throw new CliError('BAD_INPUT', 'wait: names cannot be mixed with --selector or --all');
  if (names.length === 0 && !choosesByKind) {
    throw new CliError('BAD_INPUT', 'wait: no resource is named', 'name one, or say --all or --selector');
  }
  return { ...asked, kinds, names };
}

const NAME_WIDTH = 16;
const WHAT_WIDTH = 9;

function tell({ io, globals }: Invocation, { name, goal }: WaitTarget, verdict: Verdict): void {
  if (verdict.is === 'hopeless') {
    io.err(`${name}: waiting for ${formatGoal(goal)} is in vain: ${printable(verdict.why)}\n`);
  } else if (verdict.is === 'met' && globals.output === 'name') io.out(`${name}\n`);
  else if (verdict.is === 'met' && globals.output === 'text') {
    const { what, detail } = verdict;
    io.out(`${`${name.padEnd(NAME_WIDTH)}  ${what.padEnd(WHAT_WIDTH)}  ${printable(detail)}`.trimEnd()}\n`);
  }
}

function tellOpen({ io }: Invocation, awaited: readonly Awaited[], timeout: string): void {
  for (const { target, verdict } of awaited) {
    if (verdict.is !== 'open') continue;
    const goal = formatGoal(target.goal);
    io.err(`${target.name}: still waiting for ${goal} after ${timeout}: ${printable(verdict.why)}\n`);
  }
  if (awaited.length === 0) io.err(`nothing was heard of any resource within ${timeout}\n`);
}

function resultOf(awaited: readonly Awaited[], timedOut: boolean): object {
  return {
    kind: 'WaitResult',
    timedOut,
    resources: awaited.map(({ target, verdict }) => ({
      name: target.name,
      for: formatGoal(target.goal),
      met: verdict.is === 'met',
      message: verdict.is === 'met' ? verdict.detail : verdict.why,
      ...(verdict.is === 'met' && verdict.exitCode !== undefined && { exitCode: verdict.exitCode }),
    })),
  };
}
