import type { ApplyEvent, ApplySummary } from '../api/service.ts';
import type { Invocation } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { painter } from '../output/colour.ts';
import { formatEvent, formatSummary } from '../output/event-line.ts';
import { openProgress } from '../output/progress.ts';
import { formatName } from '../arguments/resource-name.ts';

/**
 * Prints events as they come: `progress` as a line that is rewritten, on a terminal only; all others to stay. With `-o json` they are
 * only collected into `events`.
 */
export function watchEvents(
  { io, globals }: Invocation,
  events: ApplyEvent[] = [],
): { onEvent: (event: ApplyEvent) => void; end: () => void } {
  const paint = painter(globals.colour);
  const lines = new Map<string, ReturnType<typeof openProgress>>();
  const clear = (): void => {
    for (const line of lines.values()) line.clear();
  };
  let nameWidth = 0;
  return {
    onEvent: (event) => {
      if (globals.output !== 'text') {
        events.push(event);
        return;
      }
      const name = formatName(event.resource);
      if (event.what === 'progress') {
        if (!io.errIsTerminal) return;
        const line = lines.get(name) ?? openProgress(io, name);
        lines.set(name, line);
        line.update('', event.detail);
        return;
      }
      clear();
      nameWidth = Math.max(nameWidth, name.length);
      io.out(`${formatEvent(event, paint, nameWidth)}\n`);
    },
    end: clear,
  };
}

/** Prints the closing line, or throws the refused manifests; returns the exit code. */
export function showSummary({ io, globals }: Invocation, summary: ApplySummary): number {
  if (summary.problems.length > 0) throw new RefusedManifests(summary.problems);
  if (globals.output === 'text') {
    for (const { kind, name, change, note } of summary.data ?? []) {
      io.out(`${kind.toLowerCase()}/${name}  ${change}${note === undefined ? '' : `: ${note}`}\n`);
    }
    io.out(`${formatSummary(summary)}\n`);
  }
  if (summary.failed > 0) return EXIT.failed;
  return summary.timedOut ? EXIT.notConverged : EXIT.asWished;
}

/** What `ManifestError` says, without loading the schemas, and with them zod, to say it. */
class RefusedManifests extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'BAD_MANIFEST';
  readonly problems: ApplySummary['problems'];

  constructor(problems: ApplySummary['problems']) {
    super(`${problems.length} errors in the manifests`);
    this.problems = problems;
  }
}
