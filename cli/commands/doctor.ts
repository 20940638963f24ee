import type { CommandSpec } from '../command-line/command.ts';
import type { Check, CheckStatus } from '../doctor/check.ts';
import { checkCriu } from '../doctor/check-criu.ts';
import { checkKernel } from '../doctor/check-kernel.ts';
import { checkPlace } from '../doctor/check-place.ts';
import { checkPrograms } from '../doctor/check-programs.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { painter } from '../output/colour.ts';
import type { Colour, Painter } from '../output/colour.ts';
import { formatJson } from '../output/json.ts';
import { printableLine } from '../output/printable.ts';
import { DEFAULT_MANIFESTS } from '../arguments/global-options.ts';

const COLOURS: Readonly<Record<CheckStatus, Colour>> = { ok: 'green', warn: 'yellow', fail: 'red' };

export const doctor: CommandSpec = {
  description: 'Changes nothing. Exits 1 when tsctr cannot work here.',
  outputs: ['json'],
  examples: ['tsctr doctor', 'tsctr doctor -o json'],
  run: async ({ io, globals }) => {
    const groups = await Promise.all([
      checkPlace(globals, DEFAULT_MANIFESTS),
      checkKernel(),
      checkPrograms(),
      checkCriu(),
    ]);
    const checks = groups.flat();
    const count = (status: CheckStatus): number => checks.filter((check) => check.status === status).length;
    if (globals.output === 'json') {
      io.out(formatJson({ kind: 'Doctor', works: count('fail') === 0, checks }));
    } else {
      io.out(formatChecks(checks, painter(globals.colour)));
      io.out(`${count('ok')} ok, ${count('warn')} lacking, ${count('fail')} in the way\n`);
    }
    return count('fail') > 0 ? EXIT.failed : EXIT.asWished;
  },
};

/** One line for each, with the advice below. */
export function formatChecks(checks: readonly Check[], paint: Painter): string {
  const width = Math.max(...checks.map(({ name }) => name.length)) + 2;
  return checks
    .map(({ name, status, found, advice }) => {
      const head = `${paint(COLOURS[status], status.padEnd(6))}${name.padEnd(width)}${printableLine(found)}\n`;
      return advice === null ? head : `${head}${' '.repeat(6 + width)}→ ${advice}\n`;
    })
    .join('');
}
