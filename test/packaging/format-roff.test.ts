import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const MODULE = pathToFileURL(path.resolve(import.meta.dirname, '../../packaging/format-roff.mjs')).href;

/** What the formatter makes of Markdown. */
function format(markdown: string): string {
  const script = `import { formatRoff } from ${JSON.stringify(MODULE)}; process.stdout.write(formatRoff(process.argv[1]))`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script, '--', markdown],
    { encoding: 'utf8' },
  );
  assert.is(status, 0, stderr);
  return stdout;
}

const cases: [title: string, markdown: string, roff: string][] = [
  ['a heading', '## See also', '.SH SEE ALSO\n'],
  ['a heading below', '### Limits', '.SS Limits\n'],
  ['marks within a line', 'a `b-c` **d**', '.PP\na \\fBb\\-c\\fP \\fBd\\fP\n'],
  ['a line that would be a macro', '.hidden files', '.PP\n\\&.hidden files\n'],
  ['backslashes', 'C:\\x', '.PP\nC:\\ex\n'],
  ['code', '```\n.a -b\n```', '.PP\n.RS 4\n.nf\n\\&.a \\-b\n.fi\n.RE\n'],
  ['a table of two columns', '| a | b |\n| - | - |\n| `x` | y |', '.TP\n\\fBx\\fP\ny\n'],
  ['a table of three', '| a | b | c |\n| - | - | - |\n| x | y | z |', '.TP\nx\nb: y\n.br\nc: z\n'],
  ['a bar in a cell', '| a | b |\n| - | - |\n| x | `y \\| z` |', '.TP\nx\n\\fBy | z\\fP\n'],
  ['an item of more lines', '- one\n  two\n- three', '.IP \\(bu 2\none two\n.IP \\(bu 2\nthree\n'],
];
for (const [title, markdown, roff] of cases) {
  test(`man pages: ${title}`, () => {
    assert.is(format(markdown), roff);
  });
}

test.run();
