import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSet, explain, explainKinds, loadManifests } from '../../schemas/index.ts';
import type { ExplainedField } from '../../schemas/index.ts';

const file = path.join(import.meta.dirname, '../../docs/manifests.md');
const document = readFileSync(file, 'utf8');

/** What stands in more than one place is described once. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'pod.metadata': 'As that of a Container.',
  'pod.spec.initContainers': 'As `spec.containers`.',
  'pod.spec.containers': 'The fields of a Container from `image` to `tty`, and `name`.',
  'pod.spec.volumes': 'As those of a Container.',
  'pod.spec.hostAliases': 'As those of a Container.',
  'pod.spec.dnsConfig': 'As that of a Container.',
  'container.spec.readinessProbe': 'As `livenessProbe`.',
  'container.spec.startupProbe': 'As `livenessProbe`.',
};

function rows(kind: string, below: string): string[] {
  return explain(`${kind}${below}`).fields.flatMap((field) => {
    const at = `${below}.${field.name}`;
    const elsewhere = ELSEWHERE[`${kind}${at}`];
    return [row(at.slice(1), field, elsewhere), ...(elsewhere === undefined ? rows(kind, at) : [])];
  });
}

function row(at: string, field: ExplainedField, elsewhere: string | undefined): string {
  const mark = field.type.startsWith('[]') ? '[]' : field.type.startsWith('map') ? '{}' : '';
  const text = [
    field.description,
    field.values.length > 1
      ? `One of ${field.values.map((value) => `\`${value === '' ? '""' : value}\``).join(', ')}.`
      : '',
    field.default === null ? '' : `Default: ${field.default}.`,
    elsewhere ?? '',
  ];
  const words = text.filter((part) => part !== '').join(' ');
  return `| \`${at}${mark}\`${field.isRequired ? ' *' : ''} | ${field.type.replace(/^\[\]|^map\[string\]/, '')} | ${words.replaceAll('|', '\\|')} |`;
}

function reference(): string {
  return explainKinds()
    .map(({ kind, apiVersion, description }) => {
      const head = [
        `### ${kind}`,
        '',
        `\`${apiVersion}\`. ${description}`,
        '',
        '| field | type | meaning |',
        '| --- | --- | --- |',
      ];
      return [...head, ...rows(kind.toLowerCase(), '')].join('\n');
    })
    .join('\n\n');
}

const FIELDS = /(<!-- fields: [^\n]* -->\n)[^]*(<!-- end of fields -->)/;

test('every example of the documentation is a valid manifest', () => {
  const examples = [...document.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text ?? '');
  assert.ok(examples.length >= 3);
  const { manifests, problems } = loadManifests(examples.join('---\n'), 'docs/manifests.md');
  assert.equal(problems, []);
  assert.is(manifests.length, examples.length);
  assert.equal(checkSet(manifests), []);
});

test('the list of fields in the documentation is that of the schemas', () => {
  const wanted = document.replace(
    FIELDS,
    (_, start: string, end: string) =>
      `${start}\n<!-- prettier-ignore-start -->\n\n${reference()}\n\n<!-- prettier-ignore-end -->\n\n${end}`,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, wanted);
  else assert.is(document, wanted, 'run this test with UPDATE_DOCS=1');
});

test.run();
