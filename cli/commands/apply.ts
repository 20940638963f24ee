import { resolve } from 'node:path';
import type { ApplyEvent, ApplyRequest } from '../api/service.ts';
import type { CommandSpec, Invocation } from '../command-line/command.ts';
import { parseDurationMs } from '../arguments/duration.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { formatJson } from '../output/json.ts';
import { readManifestFiles } from '../arguments/read-manifest-files.ts';
import { FILE_OPTIONS } from '../arguments/file-options.ts';
import { showPlan } from '../show/show-plan.ts';
import { showSummary, watchEvents } from '../show/show-changes.ts';

const DEFAULT_WAIT_MS = 30_000;

export const apply: CommandSpec = {
  description:
    'Creates what is missing, changes what differs (in place where that is possible), and leaves alone what is as wished.\n' +
    'Works with and without a daemon. Manifests are checked as one set: one error, and nothing is changed.',
  options: [
    ...FILE_OPTIONS,
    {
      flags: '--wait [duration]',
      description: 'wait until all is as wished: running, and ready; for 30s unless said otherwise',
    },
    { flags: '--timeout <duration>', description: 'how long --wait waits; implies --wait' },
    {
      flags: '--dry-run',
      description: 'show the plan and touch nothing; exits 4 when something would change',
    },
    {
      flags: '--trace <file>',
      description: 'write where the time went, for chrome://tracing or Perfetto',
      completes: 'file',
      needsProcess: true,
    },
    {
      flags: '--prune',
      description: 'remove what an earlier apply of these files made and that is gone from them',
    },
  ],
  outputs: ['json'],
  examples: ['tsctr apply -f web.yaml --wait', 'cat web.yaml | tsctr apply -f - --dry-run'],
  hosted: true,
  run: async (invocation) => {
    const { options, io } = invocation;
    const files = await readManifestFiles(options.list('file'), io, { recursive: options.flag('recursive') });
    const request: ApplyRequest = {
      files,
      prune: options.flag('prune'),
      waitMs: waitMsOf(invocation),
      ...(options.text('trace') !== null && { trace: true }),
    };
    return options.flag('dryRun') ? showPlan(invocation, request) : carryOut(invocation, request);
  },
};

function waitMsOf({ options }: Invocation): number | null {
  const timeout = options.text('timeout');
  if (timeout !== null) return parseDurationMs(timeout, '--timeout');
  if (!options.has('wait')) return null;
  const wait = options.text('wait');
  return wait === null ? DEFAULT_WAIT_MS : parseDurationMs(wait, '--wait');
}

async function carryOut(invocation: Invocation, request: ApplyRequest): Promise<number> {
  const service = await invocation.service();
  const events: ApplyEvent[] = [];
  const shown = watchEvents(invocation, events);
  const requestedAtMs = performance.now();
  const { trace, ...summary } = await service.apply(request, shown.onEvent, invocation.signal);
  shown.end();
  const traceFile = invocation.options.text('trace');
  if (traceFile !== null) {
    const { writeTrace } = await import('../show/write-trace.ts');
    await writeTrace(resolve(invocation.io.cwd, traceFile), trace ?? [], { requestedAtMs });
  }
  if (invocation.globals.output === 'json' && summary.problems.length === 0) {
    invocation.io.out(formatJson({ kind: 'ApplyResult', events, ...summary }));
  }
  const code = showSummary(invocation, summary);
  if (code === EXIT.notConverged && invocation.globals.output === 'text') {
    invocation.io.err('not as wished in time; see: tsctr get, tsctr describe <name>\n');
  }
  return code;
}
