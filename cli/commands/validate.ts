import type { CommandSpec, Invocation } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { FILE_OPTIONS } from '../arguments/file-options.ts';
import { painter } from '../output/colour.ts';
import { formatJson } from '../output/json.ts';
import { formatProblem, formatProblemCount } from '../output/problem-text.ts';
import { readManifestFiles } from '../arguments/read-manifest-files.ts';

export const validate: CommandSpec = {
  description:
    'Prints `file:line:column: field: message` for each error, or the same as JSON. Needs neither root nor a daemon.',
  options: FILE_OPTIONS,
  outputs: ['json'],
  examples: ['tsctr validate -f manifests/'],
  hosted: true,
  run: async (invocation: Invocation) => {
    const { options, io, globals } = invocation;
    const { loadManifests, checkSet } = await import('../../schemas/index.ts');
    const files = await readManifestFiles(options.list('file'), io, { recursive: options.flag('recursive') });
    const loaded = files.map(({ text, file }) => loadManifests(text, file));
    const manifests = loaded.flatMap((one) => one.manifests);
    const problems = [...loaded.flatMap((one) => one.problems), ...checkSet(manifests)];
    if (globals.output === 'json') {
      const valid = manifests.map(({ manifest, file, line }) => ({
        kind: manifest.kind,
        name: manifest.metadata.name,
        file,
        line,
      }));
      io.out(formatJson({ valid, problems }));
    } else {
      const paint = painter(globals.colour);
      for (const problem of problems)
        io.out(formatProblem(problem, paint, globals.verbose ? 'excerpt' : 'line'));
      io.err(
        `${problems.length > 0 ? formatProblemCount(problems.length, '') : countValid(manifests.length)}\n`,
      );
    }
    return problems.length > 0 ? EXIT.badInput : EXIT.asWished;
  },
};

function countValid(count: number): string {
  return count === 1 ? '1 manifest is valid' : `${count} manifests are valid`;
}
