// Writes the manual pages into a directory: tsctr(1), one page for each command, tsctr-oci(1), tsctr-manifests(5), tsctr-operations(7). They are
// made of docs/, so that nothing is written twice.
//
//   node packaging/make-man-pages.mjs <directory>
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatRoff } from './format-roff.mjs';

const root = path.dirname(import.meta.dirname);
const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: node packaging/make-man-pages.mjs <directory>');
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const read = (name) => readFileSync(path.join(root, 'docs', name), 'utf8');

/** In place of the title, which the page's own heading says already. */
const withoutTitle = (text) => text.replace(/^# .*$/m, '## Description');

function write(name, section, summary, markdown) {
  mkdirSync(directory, { recursive: true });
  const header = `.TH "${name.toUpperCase()}" "${section}" "" "tsctr ${version}" "tsctr"\n`;
  const about = `.SH NAME\n${name} \\- ${summary}\n`;
  writeFileSync(path.join(directory, `${name}.${section}`), header + about + formatRoff(markdown));
}

/** Cuts a document at its headings of one level: what stands before the first, then `[title, text]`. */
function cut(markdown, marks) {
  const [before = '', ...parts] = markdown.split(new RegExp(`^${marks} `, 'm'));
  return {
    before,
    parts: parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]),
  };
}

function firstSentence(text) {
  const sentence = text.trim().split('\n')[0] ?? '';
  return (sentence[0]?.toLowerCase() ?? '') + sentence.slice(1).replace(/\.$/, '');
}

function writeCommands() {
  const { before, parts: chapters } = cut(read('cli.md'), '##');
  const names = [];
  let overview = withoutTitle(before).replace(/<!--[^]*?-->/, '');
  for (const [chapter, text] of chapters) {
    const { before: opening, parts: commands } = cut(text, '###');
    overview += `\n## ${chapter}\n${opening}\n`;
    for (const [title, body] of commands) {
      const name = title.replaceAll('`', '').trim().replaceAll(' ', '-');
      names.push(name);
      const summary = firstSentence(body);
      write(name, 1, summary, `## Description\n${body}\n## See also\n**tsctr**(1)\n`);
      overview += `- **${name}**(1): ${summary}\n`;
    }
  }
  overview += '\n## See also\n**tsctr-oci**(1), **tsctr-manifests**(5), **tsctr-operations**(7)\n';
  write('tsctr', 1, 'keeps the containers and pods of this host as YAML manifests say', overview);
  if (names.length < 10) throw new Error(`docs/cli.md: expected all commands, found ${names.length}`);
}

writeCommands();
write('tsctr-oci', 1, 'an OCI runtime whose checkpoints are those of tsctr', withoutTitle(read('oci.md')));
write('tsctr-manifests', 5, 'what shall run on this host', withoutTitle(read('manifests.md')));
write('tsctr-operations', 7, 'running the daemon, upgrading, repairing', withoutTitle(read('operations.md')));
